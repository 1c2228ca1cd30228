#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every source file says its licence on its first line (on the second after #!)."""

import argparse
import sys
from pathlib import Path

import tree

LINE = "SPDX-License-Identifier: Apache-2.0"
SUFFIXES = (".cpp", ".hpp", ".py", ".sh", ".proto", ".go", ".js", ".mjs", ".build", ".cmake", ".in",
            "meson_options.txt", "CMakeLists.txt", "Makefile")
SCRIPTS = ("dev", ".ci/run", "meson.build", "meson_options.txt", ".clang-format", ".clang-tidy")


def findings(root):
    paths = tree.files(root, tree.SOURCE_FOLDERS + ("subprojects/packagefiles",), SUFFIXES)
    paths += [root / name for name in SCRIPTS if (root / name).exists()]
    found = []
    for path in paths:
        with path.open(encoding="utf-8") as file:
            first = file.readline()
            if first.startswith("#!"):
                first = file.readline()
        if LINE not in first:
            found.append(f"{path.relative_to(root)}:1: the first line is not '{LINE}'")
    return found, len(paths)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=tree.ROOT)
    return tree.finish("spdx", *findings(parser.parse_args().root.resolve()))


if __name__ == "__main__":
    sys.exit(main())
