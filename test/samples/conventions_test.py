#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What all servers and clients of the samples have in common: options, addresses, signals, errors."""
import signal
import socket
import unittest

import programs
from programs import Server, client, run, unix_path

# The samples that are a server and a client, and what the client has to say when it is started bare.
PAIRS = {
    'hello': r'Hello world\n',
    'add_number': r'4\n',
    'route_guide': r'(?s)GetFeature: .*\nListFeatures: .*\nRecordRoute: .*\nRouteChat: .*',
    'chat': r'\* guest-\d+ joined\n',
    'deadlines': r'(?s)the back is left.*stopped: \w+',
    'auth': r'I am Ali\n',
    'logging': r'/logging\.Counter/Add .*: OK.*\n/logging\.Counter/Count .*: OK.*\n/logging.* INVALID_ARGUMENT.*\n',
    'embed': r'echo: hello\necho: > hello\ncounts: 2 more lines, 2 more sessions\n',
}


class Conventions(unittest.TestCase):
    def test_server_and_client_started_bare_find_each_other(self):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(('127.0.0.1', 50051))
            except OSError as why:
                self.skipTest(f'the port of the defaults is in use: {why}')
        for sample, expected in PAIRS.items():
            with self.subTest(sample=sample), Server(self, sample) as server:
                self.assertEqual(server.address, 'ipv4:127.0.0.1:50051')
                ended = run(sample, 'client')
                self.assertEqual((ended.returncode, ended.stderr), (0, ''))
                self.assertRegex(ended.stdout, expected)

    def test_a_server_listens_on_a_unix_socket_and_stops_on_sigint(self):
        for sample, expected in PAIRS.items():
            with self.subTest(sample=sample):
                path = unix_path(self)
                with Server(self, sample, '--listen', f'unix:{path}', stop_with=signal.SIGINT) as server:
                    self.assertEqual(server.address, f'unix:{path}')
                    self.assertRegex(client(self, sample, server.address), expected)

    def test_a_server_listens_in_every_form(self):
        forms = {'127.0.0.1:0': r'ipv4:127\.0\.0\.1:[1-9]\d*', 'localhost:0': r'ipv[46]:.*:[1-9]\d*',
                 ':0': r'ipv[46]:.*:[1-9]\d*', 'unix-abstract:sluice-samples-test': r'unix-abstract:.*'}
        if self.has_ipv6():
            forms['[::1]:0'] = r'ipv6:\[::1\]:[1-9]\d*'
        for form, expected in forms.items():
            with self.subTest(form=form), Server(self, 'hello', '--listen', form) as server:
                self.assertRegex(server.address, f'^{expected}$')
                self.assertEqual(client(self, 'hello', server.address), 'Hello world\n')

    def test_both_explain_their_options(self):
        for sample in PAIRS:
            with self.subTest(sample=sample):
                for program, option in (('server', '--listen'), ('client', '--target')):
                    ended = run(sample, program, '--help')
                    self.assertEqual((ended.returncode, ended.stderr), (0, ''))
                    self.assertRegex(ended.stdout, rf'{option}\b.*127\.0\.0\.1:50051')

    def test_an_unknown_option_is_named(self):
        for sample in PAIRS:
            with self.subTest(sample=sample):
                for program in ('server', 'client'):
                    self.assert_fails(run(sample, program, '--frobnicate'), '--frobnicate')

    def test_a_port_in_use_is_named(self):
        for sample in PAIRS:
            with self.subTest(sample=sample), socket.socket() as taken:
                taken.bind(('127.0.0.1', 0))
                taken.listen()
                address = f'127.0.0.1:{taken.getsockname()[1]}'
                self.assert_fails(run(sample, 'server', '--listen', address), address, 'in use')

    def test_an_address_that_is_none_is_named(self):
        for sample in PAIRS:
            with self.subTest(sample=sample):
                self.assert_fails(run(sample, 'server', '--listen', 'nonsense:port'), 'nonsense:port')
                self.assert_fails(run(sample, 'client', '--target', 'ipv4:nonsense'), 'nonsense')

    def test_a_server_that_is_not_there_is_named(self):
        for sample in PAIRS:
            with self.subTest(sample=sample), socket.socket() as unused:
                unused.bind(('127.0.0.1', 0))  # and no listen: a connect is refused
                address = f'127.0.0.1:{unused.getsockname()[1]}'
                self.assert_fails(run(sample, 'client', '--target', address), address, 'refused')

    def assert_fails(self, ended, *words):
        self.assertNotEqual(ended.returncode, 0)
        self.assertGreater(ended.returncode, 0, 'ended by a signal')
        for word in words:
            self.assertIn(word, ended.stderr)

    @staticmethod
    def has_ipv6():
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(('::1', 0))
            return True
        except OSError:
            return False


if __name__ == '__main__':
    programs.main()
