#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No test sleeps: a test waits for its condition, or moves the manual clock.

A line that measures or paces what it cannot wait for (a peer program that must be slow, say) carries `sleep: REASON`
in a comment on the same line.
"""

import argparse
import re
import sys
from pathlib import Path

import tree

SLEEP = re.compile(
    r"\b(sleep_for|sleep_until|usleep|nanosleep|clock_nanosleep|time\.sleep|asyncio\.sleep|time\.Sleep)\s*\(|::sleep\s*\(")
SHELL_SLEEP = re.compile(r"^\s*sleep\s+[0-9.$]")
REASON = re.compile(r"(//|#).*\bsleep: \S")
COMMENT = {".py": re.compile(r"#.*"), ".sh": re.compile(r"#.*")}
SLASHES = re.compile(r"//.*")
# This folder speaks of sleeps. The interop peers are no tests but programs: their servers are asked
# to be slow, their clients ask again until a server's count is right.
EXEMPT = ("test/lint/", "test/interop/python/", "test/interop/node/", "test/interop/go/", "test/interop/cpp/",
          "test/interop/sluice/", "test/interop/suite/cpp/", "test/interop/suite/python/", "test/interop/suite/sluice/")
# Here sluice's own sleep is under test, or runs on the manual clock: only a thread's counts.
OWN_SLEEP = ("test/unit/coro/", "test/unit/testing/", "test/dialogue/", "test/endtoend/", "test/fuzz/",
             "test/simulation/")
THREAD_SLEEP = re.compile(r"\b(this_thread::sleep_for|this_thread::sleep_until|usleep|nanosleep|clock_nanosleep)\s*\(|::sleep\s*\(")


def findings(root):
    found = []
    paths = [path for path in tree.files(root, ("test",), (".cpp", ".hpp", ".py", ".sh", ".go", ".js", ".mjs"))
             if not path.relative_to(root).as_posix().startswith(EXEMPT)]
    for path in paths:
        comment = COMMENT.get(path.suffix, SLASHES)
        sleep = THREAD_SLEEP if path.relative_to(root).as_posix().startswith(OWN_SLEEP) else SLEEP
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if REASON.search(line):
                continue
            code = comment.sub("", line)
            if sleep.search(code) or (path.suffix == ".sh" and SHELL_SLEEP.search(code)):
                found.append(f"{path.relative_to(root)}:{number}: {line.strip()}: wait for the condition instead")
    return found, len(paths)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=tree.ROOT)
    return tree.finish("no_sleeps", *findings(parser.parse_args().root.resolve()))


if __name__ == "__main__":
    sys.exit(main())
