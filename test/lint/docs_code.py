#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each ```cpp and ```proto block of the pages is a region of a file that the build compiles.

A comment above the block names it, and the file marks it:

  <!-- docs/snippets/handlers.cpp [service] -->      // [service]
  ```cpp                                             class Weather ...
  class Weather ...                                  // [/service]
  ```

--apply writes the regions into the pages.
"""

import argparse
import re
import sys
import textwrap
from pathlib import Path

import tree

LANGUAGES = ("cpp", "proto")
NAMED = re.compile(r"<!-- (\S+) \[(\w+)\] -->$")
FENCE = re.compile(r"\s*(```+|~~~+)\s*(\S*)")
MARK = re.compile(r"\s*// \[/?\w+\]$")


def pages(root):
    top = [root / name for name in ("README.md", "CONTRIBUTING.md") if (root / name).exists()]
    return top + sorted((root / "docs").rglob("*.md"))


def region(root, name, wanted):
    """The lines between the marks, without their common indent and without other marks; or what is wrong."""
    path = root / name
    if not path.is_file():
        return None, f"there is no {name}"
    lines = path.read_text(encoding="utf-8").splitlines()
    begins = [i for i, line in enumerate(lines) if line.strip() == f"// [{wanted}]"]
    ends = [i for i, line in enumerate(lines) if line.strip() == f"// [/{wanted}]"]
    if len(begins) != 1 or len(ends) != 1 or begins[0] > ends[0]:
        return None, f"{name} does not have one region [{wanted}]"
    inside = [line for line in lines[begins[0] + 1:ends[0]] if not MARK.match(line)]
    return textwrap.dedent("\n".join(inside)).strip("\n").split("\n"), None


def look_at(root, page):
    """(findings, the page's lines as they should be)."""
    found, wanted = [], []
    lines = page.read_text(encoding="utf-8").splitlines()
    at = 0
    while at < len(lines):
        fence = FENCE.match(lines[at])
        wanted.append(lines[at])
        if not fence:
            at += 1
            continue
        where = f"{page.relative_to(root)}:{at + 1}"
        end = next((i for i in range(at + 1, len(lines)) if lines[i].strip() == fence[1]), None)
        if end is None:
            found.append(f"{where}: the block does not end")
            wanted += lines[at + 1:]
            break
        block = lines[at + 1:end]
        if fence[2] in LANGUAGES:
            named = NAMED.match(lines[at - 1]) if at > 0 else None
            text, wrong = region(root, named[1], named[2]) if named else (None, "no <!-- FILE [region] --> above it")
            if wrong:
                found.append(f"{where}: {wrong}")
            elif text != block:
                found.append(f"{where}: not as {named[1]} [{named[2]}] has it (docs_code.py --apply)")
                block = text
        wanted += [*block, lines[end]]
        at = end + 1
    return found, wanted


def findings(root):
    found = [finding for page in pages(root) for finding in look_at(root, page)[0]]
    return found, len(pages(root))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=tree.ROOT)
    parser.add_argument("--apply", action="store_true", help="write the regions into the pages")
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    if arguments.apply:
        for page in pages(root):
            page.write_text("\n".join(look_at(root, page)[1]) + "\n", encoding="utf-8")
    return tree.finish("docs_code", *findings(root))


if __name__ == "__main__":
    sys.exit(main())
