#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""embed_test.py SERVER CLIENT: an Asio program's echo, timer, signals, gRPC server and client, all in one thread."""

import os
import socket
import subprocess
import sys
import threading
import unittest

SERVER, CLIENT = sys.argv[1:3]


class Embed(unittest.TestCase):
    def setUp(self):
        self.server = subprocess.Popen([SERVER, '--listen', '127.0.0.1:0'], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
        watchdog = threading.Timer(30, self.server.kill)
        watchdog.start()
        self.addCleanup(watchdog.cancel)
        self.addCleanup(self.server.communicate)
        self.addCleanup(self.server.kill)
        self.target = self.line().removeprefix('listening on ')
        self.echo = self.line().removeprefix('echo: listening on ')

    def line(self):
        line = self.server.stdout.readline()
        if not line:
            raise AssertionError('ended: ' + self.server.stderr.read())
        return line.rstrip('\n')

    def wait_for(self, line):
        while self.line() != line:
            pass

    def client(self, *options):
        return subprocess.run([CLIENT, '--target', self.target, *options], capture_output=True, text=True, timeout=20)

    def test_all_parts_work_side_by_side_in_one_thread(self):
        ran = self.client('--prefix', '# ', '--line', 'hello')
        self.assertEqual((ran.returncode, ran.stderr), (0, ''))
        self.assertEqual(ran.stdout, 'echo: hello\necho: # hello\ncounts: 2 more lines, 2 more sessions\n')
        self.wait_for('grpc client: the peer has echoed 2 lines')
        self.assertEqual(len(os.listdir(f'/proc/{self.server.pid}/task')), 1)

    def test_a_session_that_is_open_when_the_signal_comes_is_ended(self):
        host, port = self.echo.rsplit(':', 1)
        with socket.create_connection((host, int(port)), timeout=20) as session:
            session.sendall(b'one\n')
            self.assertEqual(session.recv(100), b'one\n')
            self.server.terminate()
            self.assertEqual(session.recv(100), b'')
            out, errors = self.server.communicate(timeout=20)
        self.assertEqual((self.server.returncode, errors), (0, ''))
        self.assertIn('signals: stopping\n', out)
        self.assertRegex(out, r'timer: ticked \d+ times\n$')

    def test_a_client_without_a_server_says_so(self):
        self.server.terminate()
        self.server.communicate(timeout=20)
        ran = self.client()
        self.assertEqual((ran.returncode, ran.stdout), (1, ''))
        self.assertIn('UNAVAILABLE', ran.stderr)

    def test_both_explain_themselves(self):
        for program in (SERVER, CLIENT):
            shown = subprocess.run([program, '--help'], capture_output=True, text=True, timeout=10)
            self.assertEqual(shown.returncode, 0)
            self.assertIn('over gRPC' if program == CLIENT else 'embed.Control', shown.stdout)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
