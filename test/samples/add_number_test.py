#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sample add_number."""
import unittest

import programs
from programs import Server, client, run


class AddNumber(unittest.TestCase):
    def setUp(self):
        self.server = Server(self, 'add_number', '--listen', '127.0.0.1:0')
        self.server.__enter__()
        self.addCleanup(self.server.__exit__, None)

    def test_a_number_comes_back_as_the_next(self):
        for text, expected in (('3', '4'), ('-1', '0'), ('0041', '42'), ('9223372036854775806', '9223372036854775807'),
                               ('-9223372036854775808', '-9223372036854775807')):
            with self.subTest(text=text):
                self.assertEqual(client(self, 'add_number', self.server.address, '--', text), expected + '\n')

    def test_what_is_no_number_is_refused_with_the_reason(self):
        for text, reason in (('three', '"three" is no whole number'), ('', '"" is no whole number'),
                             ('3.5', '"3.5" goes on after the number'), ('3 ', '"3 " goes on after the number'),
                             ('+3', '"+3" is no whole number'),
                             ('9223372036854775808', '"9223372036854775808" does not fit into 64 bits'),
                             ('9223372036854775807', '"9223372036854775807" is the last number of 64 bits'),
                             ('x' * 100_000, 'a text of 100000 bytes is no whole number')):
            with self.subTest(text=text[:40]):
                ended = run('add_number', 'client', '--target', self.server.address, '--', text)
                self.assertEqual((ended.returncode, ended.stdout), (1, ''))
                # The client says so for INVALID_ARGUMENT alone.
                self.assertTrue(ended.stderr.startswith(f'client: the server refused: {reason}'), ended.stderr)


if __name__ == '__main__':
    programs.main()
