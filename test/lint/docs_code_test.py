#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs_code.py can fail."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import docs_code

SOURCE = """int before;
  // [answer]
  int f() {
    // [inner]
    return 42;
    // [/inner]
  }
  // [/answer]
// [open]
"""
GOOD = "<!-- a.cpp [answer] -->\n```cpp\nint f() {\n  return 42;\n}\n```\n"

# (the page, a part of its one finding; None: there is none).
ROWS = [
    (GOOD, None),
    ("<!-- a.cpp [inner] -->\n```cpp\nreturn 42;\n```\n", None),
    ("Text.\n\n```sh\nls\n```\n", None),
    (GOOD.replace("42", "43"), "page.md:2: not as a.cpp [answer] has it"),
    (GOOD.replace("}\n", "}\n\n"), "not as a.cpp [answer] has it"),
    ("```cpp\nint f();\n```\n", "page.md:1: no <!--"),
    ("Text.\n```proto\nmessage X {}\n```\n", "page.md:2: no <!--"),
    (GOOD.replace("<!--", "\n<!--").replace("-->", "-->\n"), "page.md:4: no <!--"),
    (GOOD.replace("a.cpp", "b.cpp"), "there is no b.cpp"),
    (GOOD.replace("[answer]", "[question]"), "does not have one region [question]"),
    (GOOD.replace("[answer]", "[open]"), "does not have one region [open]"),
    (GOOD + "\n```cpp\nint f();\n", "page.md:8: the block does not end"),
]


class docs_code_test(unittest.TestCase):
    def lay(self, root, page):
        (root / "docs/guide").mkdir(parents=True)
        (root / "a.cpp").write_text(SOURCE, encoding="utf-8")
        (root / "docs/guide/page.md").write_text(page, encoding="utf-8")

    def test_each_row(self):
        for page, expected in ROWS:
            with self.subTest(page=page), tempfile.TemporaryDirectory() as folder:
                root = Path(folder)
                self.lay(root, page)
                found, looked_at = docs_code.findings(root)
                self.assertEqual(looked_at, 1)
                if expected is None:
                    self.assertEqual(found, [])
                else:
                    self.assertEqual(len(found), 1, found)
                    self.assertIn(expected, found[0])

    def test_the_program_fails_and_apply_mends(self):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            self.lay(root, GOOD.replace("42", "43"))
            command = [sys.executable, docs_code.__file__, "--root", folder]
            self.assertEqual(subprocess.run(command, capture_output=True, check=False).returncode, 1)
            self.assertEqual(subprocess.run([*command, "--apply"], capture_output=True, check=False).returncode, 0)
            self.assertEqual((root / "docs/guide/page.md").read_text(encoding="utf-8"), GOOD)


if __name__ == "__main__":
    unittest.main()
