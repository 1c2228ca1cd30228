#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sample hello."""
import unittest

import programs
from programs import Server, client


class Hello(unittest.TestCase):
    def test_it_greets_whom_it_is_told(self):
        with Server(self, 'hello', '--listen', '127.0.0.1:0') as server:
            for name in ('Ada', 'Zoë', ''):
                self.assertEqual(client(self, 'hello', server.address, '--name', name), f'Hello {name}\n')


if __name__ == '__main__':
    programs.main()
