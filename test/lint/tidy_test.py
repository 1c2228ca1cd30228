#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tidy.py can fail, and remembers only what cannot have changed."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import tree

TIDY = Path(__file__).with_name("tidy.py")
COPIES = "#include <string>\ninline int size(std::string const& s) { std::string copy = s; return int(copy.size()); }\n"
CHECKS = "Checks: '-*,performance-unnecessary-copy-initialization'\nHeaderFilterRegex: ''\n"


class tidy_test(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        self.lay(".clang-tidy", CHECKS)
        self.lay("lib/include/sluice/kept.hpp", "#pragma once\nint kept();\n")
        self.lay("lib/src/core/a.cpp", "#include <sluice/kept.hpp>\nstatic int local() { return 1; }\n"
                                       "int kept() { return local(); }\n")
        self.lay("lib/src/core/b.cpp", "static long local() { return 2; }\nlong b() { return local(); }\n")
        # A clang-tidy that counts how often it is asked for more than its version.
        self.lay("bin/clang-tidy-19", f'#!/bin/sh\n[ "$1" = --version ] || echo >> {self.root}/asked\n'
                                      f'exec {shutil.which("clang-tidy-19")} "$@"\n').chmod(0o755)

    def lay(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def run_it(self):
        """(exit code, the findings, how often clang-tidy was asked)."""
        sources = [f"../{source.relative_to(self.root)}" for source in sorted(self.root.glob("lib/src/*/*.cpp"))]
        commands = [{"directory": str(self.root / "build"), "file": source,
                     "command": f"ccache c++ -I../lib/include -std=c++20 -Og -o x.o -c {source}"} for source in sources]
        self.lay("build/compile_commands.json", json.dumps(commands))
        self.lay("asked", "")
        path = f"{self.root / 'bin'}:{os.environ['PATH']}"
        result = subprocess.run([sys.executable, TIDY, "--root", self.root], capture_output=True, text=True,
                                check=False, env={**os.environ, "PATH": path})
        findings = [line for line in result.stderr.splitlines() if "[" in line]
        return result.returncode, findings, len((self.root / "asked").read_text(encoding="utf-8").splitlines())

    def test_sources_with_the_same_local_name_are_looked_at_apart(self):
        self.assertEqual(self.run_it(), (0, [], 3))

    def test_what_was_clean_is_not_looked_at_again(self):
        self.run_it()
        self.assertEqual(self.run_it(), (0, [], 0))

    def test_a_finding_in_a_source(self):
        self.lay("lib/src/core/c.cpp", COPIES)
        code, found, _ = self.run_it()
        self.assertEqual(code, 1)
        self.assertEqual(len(found), 1, found)
        self.assertRegex(found[0], r"^lib/src/core/c\.cpp:2:\d+: error: .*unnecessary-copy-initialization\]$")
        self.assertEqual(self.run_it()[1], found)

    def test_a_finding_in_a_public_header_that_no_source_includes(self):
        self.lay("lib/include/sluice/alone.hpp", "#pragma once\n" + COPIES)
        code, found, _ = self.run_it()
        self.assertEqual((code, len(found)), (1, 1), found)
        self.assertRegex(found[0], r"^lib/include/sluice/alone\.hpp:3:")

    def test_a_comment_in_a_header_that_no_longer_excuses_a_finding(self):
        excused = COPIES.replace("}", "}  // NOLINT")
        self.lay("lib/include/sluice/kept.hpp", "#pragma once\nint kept();\n" + excused)
        self.assertEqual(self.run_it()[:2], (0, []))
        self.lay("lib/include/sluice/kept.hpp", "#pragma once\nint kept();\n" + COPIES)
        code, found, _ = self.run_it()
        self.assertEqual((code, len(found)), (1, 1), found)

    def test_other_checks_look_again(self):
        self.run_it()
        self.lay(".clang-tidy", CHECKS.replace("'-*,", "'-*,modernize-use-nullptr,"))
        self.assertEqual(self.run_it(), (0, [], 3))

    def test_what_does_not_compile_is_a_finding(self):
        self.lay("lib/src/core/c.cpp", "int c() { return no_such_name; }\n")
        code, found, _ = self.run_it()
        self.assertEqual((code, len(found)), (1, 1), found)
        self.lay("lib/src/core/c.cpp", '#include "missing.hpp"\n')
        code, found, _ = self.run_it()
        self.assertEqual((code, len(found)), (1, 1), found)


if __name__ == "__main__":
    if not tree.tool("clang-tidy-19") or not tree.tool("clang++-19"):
        sys.exit(tree.skip("tidy_test", "clang-tidy-19 or clang++-19 is not installed"))
    unittest.main()
