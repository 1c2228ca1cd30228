#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sample auth."""
import unittest

import programs
from programs import Server, client, run


class Auth(unittest.TestCase):
    def test_a_token_says_who_calls_and_a_stranger_is_refused(self):
        with Server(self, 'auth', '--listen', '127.0.0.1:0', '--token', 'Ada=lovelace', '--token', 'Ali=sesame') as server:
            self.assertEqual(client(self, 'auth', server.address, '--token', 'lovelace'), 'I am Ada\n')
            self.assertEqual(client(self, 'auth', server.address), 'I am Ali\n')
            for token in ('guessed', 'lovelac', 'lovelacee', ''):
                ended = run('auth', 'client', '--target', server.address, '--token', token)
                self.assertNotEqual(ended.returncode, 0)
                self.assertIn('UNAUTHENTICATED', ended.stderr)


if __name__ == '__main__':
    programs.main()
