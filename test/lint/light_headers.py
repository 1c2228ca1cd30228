#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a user's file compiles for a hello world stays light: no Asio, and no header of the standard library or of ours
that costs a file more than it gives.

Follows the includes of the headers below, without a compiler. docs/design/0017 says why.
"""

import argparse
import re
import sys
from pathlib import Path

import tree

# What generated code includes, and the doors that a program without Asio of its own needs.
LIGHT = ["generated.hpp", "client/calls.hpp", "server/handlers.hpp", "client/channel.hpp", "server/server.hpp",
         "coro/event_loop.hpp", "coro/run.hpp"]
HEAVY = {"algorithm", "deque", "filesystem", "fstream", "future", "iomanip", "iostream", "list", "locale", "map", "random",
         "ranges", "regex", "set", "sstream", "thread", "unordered_map", "valarray", "variant"}
# Ours that make spans, which takes a compiler as long as a coroutine.
HEAVY |= {"sluice/core/buffer.hpp"}
INCLUDE = re.compile(r"^\s*#\s*include\s*<([^>]+)>")


def includes(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if found := INCLUDE.match(line):
            yield number, found[1]


def findings(root):
    include = root / "lib/include"
    waiting = [f"sluice/{name}" for name in LIGHT if (include / "sluice" / name).exists()]
    seen, found = set(waiting), []
    while waiting:
        name = waiting.pop()
        for number, header in includes(include / name):
            if header.startswith("boost/") or header in HEAVY:
                found.append(f"lib/include/{name}:{number}: <{header}> would come with every generated file or hello world")
            elif header.startswith("sluice/") and header not in seen and (include / header).exists():
                seen.add(header)
                waiting.append(header)
    return found, len(seen)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=tree.ROOT)
    return tree.finish("light_headers", *findings(parser.parse_args().root.resolve()))


if __name__ == "__main__":
    sys.exit(main())
