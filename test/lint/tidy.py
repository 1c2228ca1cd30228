#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy 19 over lib/src and gen, with the checks of .clang-tidy.

It reads the compile commands of build-clang. A file whose preprocessed text and checks are the same as at its last
clean run is not looked at again.
"""

import argparse
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tree

FINDING = re.compile(r"^([^:\s]+)(:\d+:\d+: (?:error|warning): .*)$")
FOLDERS = ("lib/src/", "gen/")


def commands(root, build):
    """(source, its command, the folder that it runs in) for each of our files."""
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        source = (Path(entry["directory"]) / entry["file"]).resolve()
        name = source.relative_to(root).as_posix() if source.is_relative_to(root) else ""
        if name.startswith(FOLDERS):
            yield source, shlex.split(entry["command"]), entry["directory"]


def fingerprint(command, folder, checks):
    """What the result depends on: the preprocessed text, the flags and the checks; None if it does not compile."""
    while command and Path(command[0]).name in ("ccache", "sccache"):
        command = command[1:]
    plain = []
    skip_next = False
    for word in command:
        if skip_next:
            skip_next = False
        elif word in ("-o", "-MF", "-MQ", "-MT"):
            skip_next = True
        elif word not in ("-MD", "-c"):
            plain.append(word)
    result = subprocess.run([*plain, "-E", "-o", "-"], cwd=folder, capture_output=True, check=False)
    if result.returncode != 0:
        return None
    return hashlib.sha256(b"\0".join([checks, " ".join(plain).encode(), result.stdout])).hexdigest()


def look_at(root, program, build, cache, checks, entry):
    """clang-tidy's words on one file, or an empty string."""
    source, command, folder = entry
    key = fingerprint(command, folder, checks)
    if key and (cache / key).exists():
        return ""
    result = tree.output_of([program, "-p", str(build), "--quiet", "--warnings-as-errors=*", str(source)], timeout=600)
    if result.returncode == 0:
        if key:
            (cache / key).touch()
        return ""
    lines = [tidied(root, line) for line in result.stdout.splitlines() if FINDING.match(line)]
    return "\n".join(lines) or result.stdout + result.stderr


def tidied(root, line):
    """The finding with its path as it is from the root."""
    path, rest = FINDING.match(line).groups()
    path = Path(os.path.normpath(path))
    return f"{path.relative_to(root) if path.is_relative_to(root) else path}{rest.replace(',-warnings-as-errors', '')}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=tree.ROOT)
    parser.add_argument("--build", type=Path, help="the build directory (default: ROOT/build-clang)")
    parser.add_argument("names", nargs="*", help="only files whose path has one of these in it")
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    build = (arguments.build or root / "build-clang").resolve()
    program = tree.tool("clang-tidy-19")
    if not program:
        return tree.skip("tidy", "clang-tidy-19 is not installed (apt-get install clang-tidy-19)")
    if not (build / "compile_commands.json").exists():
        return tree.skip("tidy", f"{build} is not configured (./dev clang configures it)")
    checks = (root / ".clang-tidy").read_bytes() + tree.output_of([program, "--version"]).stdout.encode()
    cache = build / "tidy-cache"
    cache.mkdir(exist_ok=True)
    entries = [entry for entry in commands(root, build)
               if not arguments.names or any(name in str(entry[0]) for name in arguments.names)]
    with ThreadPoolExecutor(tree.cores()) as pool:
        words = pool.map(lambda entry: look_at(root, program, build, cache, checks, entry), entries)
        # A header's finding is said once, however many files include it.
        found = sorted({line for text in words for line in text.splitlines()})
    return tree.finish("tidy", found, len(entries))


if __name__ == "__main__":
    sys.exit(main())
