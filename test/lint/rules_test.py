#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""no_sleeps.py, spdx.py and light_headers.py can fail."""

import tempfile
import unittest
from pathlib import Path

import light_headers
import no_sleeps
import spdx

# (file, its line, whether it is a finding).
SLEEPS = [
    ("test/unit/coro/a_test.cpp", "std::this_thread::sleep_for(10ms);", True),
    ("test/unit/coro/a_test.cpp", "::usleep(1000);", True),
    ("test/hostile/peer.py", "time.sleep(0.1)", True),
    ("test/hostile/peer.py", "await asyncio.sleep(0.1)", True),
    ("test/hostile/main.go", "time.Sleep(time.Second)", True),
    ("test/support/wait.cpp", "::sleep(1);", True),
    ("test/hostile/run.sh", "sleep 1", True),
    ("test/unit/coro/a_test.cpp", "// never sleep_for(1s) here", False),
    ("test/unit/coro/a_test.cpp", "co_await sluice::sleep_for_manual_clock(1s);", False),
    ("test/interop/interop.py", "time.sleep(delay)  # sleep: the request asks for a slow answer", False),
]

LICENCES = [
    ("lib/src/core/a.cpp", "// SPDX-License-Identifier: Apache-2.0\n", False),
    ("test/x.py", "#!/usr/bin/env python3\n# SPDX-License-Identifier: Apache-2.0\n", False),
    ("lib/src/core/a.cpp", "#include <a>\n// SPDX-License-Identifier: Apache-2.0\n", True),
    ("lib/src/core/a.cpp", "// SPDX-License-Identifier: MIT\n", True),
    ("samples/hello/hello.proto", "syntax = \"proto3\";\n", True),
    ("dev", "#!/bin/bash\nset -e\n", True),
]

LIGHT = [
    ("lib/include/sluice/generated.hpp", "#include <string>\n", False),
    ("lib/include/sluice/generated.hpp", "#include <regex>\n", True),
    ("lib/include/sluice/coro/run.hpp", "#include <boost/asio/io_context.hpp>\n", True),
]


class rules_test(unittest.TestCase):
    def check(self, rule, rows):
        for name, text, wrong in rows:
            with self.subTest(name=name, text=text), tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
                found, looked_at = rule.findings(Path(folder))
                self.assertEqual(looked_at, 1)
                self.assertEqual(len(found), 1 if wrong else 0, found)

    def test_sleeps(self):
        self.check(no_sleeps, SLEEPS)

    def test_licences(self):
        self.check(spdx, LICENCES)

    def test_light_headers(self):
        self.check(light_headers, LIGHT)

    def test_light_headers_through_another(self):
        with tempfile.TemporaryDirectory() as folder:
            below = Path(folder) / "lib/include/sluice/rpc"
            below.mkdir(parents=True)
            (below.parent / "generated.hpp").write_text("#include <sluice/rpc/codec.hpp>\n", encoding="utf-8")
            (below / "codec.hpp").write_text("#include <boost/asio/post.hpp>\n", encoding="utf-8")
            found, looked_at = light_headers.findings(Path(folder))
            self.assertEqual((len(found), looked_at), (1, 2))


if __name__ == "__main__":
    unittest.main()
