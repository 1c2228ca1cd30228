#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sample logging."""
import re
import unittest

import programs
from programs import Server, client

CALLS = [r'/logging\.Counter/Add {}: OK, 1 in 2 bytes, 1 out 2 bytes, \d+ us',
         r'/logging\.Counter/Count {}: OK, 1 in 2 bytes, 3 out 6 bytes, \d+ us',
         r'/logging\.Counter/Add {}: INVALID_ARGUMENT, 1 in 11 bytes, 0 out 0 bytes, \d+ us']


class Logging(unittest.TestCase):
    def test_both_sides_log_each_call_with_its_messages(self):
        with Server(self, 'logging', '--listen', '127.0.0.1:0') as server:
            lines = client(self, 'logging', server.address).splitlines()
            self.assertEqual(len(lines), len(CALLS), lines)
            for line, call in zip(lines, CALLS):
                self.assertRegex(line, '^' + call.format(re.escape(server.address)) + '$')
            for call in CALLS:
                server.await_line(call.format(r'ipv4:127\.0\.0\.1:\d+'))


if __name__ == '__main__':
    programs.main()
