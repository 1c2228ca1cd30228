#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The code is as clang-format 19 writes it; --apply rewrites it, --changed looks at what git sees changed alone."""

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tree


def is_formatted(program, path):
    result = tree.output_of([program, "--dry-run", "--Werror", str(path)])
    return result.returncode == 0, result.stderr


def changed(root):
    result = tree.output_of(["git", "-C", str(root), "status", "--porcelain", "--untracked-files=all"])
    names = [line[3:].split(" -> ")[-1] for line in result.stdout.splitlines()]
    return [root / name for name in names if name.endswith(tree.CPP) and (root / name).exists()]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apply", action="store_true", help="rewrite the files")
    parser.add_argument("--changed", action="store_true", help="only files that git sees changed")
    parser.add_argument("files", nargs="*", type=Path, help="these files instead of all")
    arguments = parser.parse_args()
    program = tree.tool("clang-format-19")
    if not program:
        return tree.skip("format", "clang-format-19 is not installed (apt-get install clang-format-19)")
    paths = arguments.files or (changed(tree.ROOT) if arguments.changed else tree.files(tree.ROOT))
    if arguments.apply:
        for start in range(0, len(paths), 50):
            subprocess.run([program, "-i", *map(str, paths[start:start + 50])], check=True)
        print(f"format: applied to {len(paths)} files")
        return 0
    with ThreadPoolExecutor(tree.cores()) as pool:
        results = list(pool.map(lambda path: is_formatted(program, path), paths))
    found = []
    for path, (good, message) in zip(paths, results):
        if not good:
            first = message.splitlines()[0] if message else f"{path}: clang-format failed"
            found.append(first.replace(str(tree.ROOT) + "/", ""))
    if found:
        found.append("./dev format writes them as they should be")
    return tree.finish("format", found, len(paths))


if __name__ == "__main__":
    sys.exit(main())
