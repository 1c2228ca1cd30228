# SPDX-License-Identifier: Apache-2.0
"""Runs the programs of the samples for their tests: bounded in time, ended with the test.

A test's arguments are the directory of the built samples and unittest's own.
"""
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

# Generous, for sanitizers on busy machines: a limit is there for what hangs.
LIMIT = 60

samples = Path()


class Server:
    """A sample's server, from its line "listening on ADDRESS" to its graceful stop at the end of the block."""

    def __init__(self, test, sample, *arguments, stop_with=signal.SIGTERM, directory=None):
        self.test = test
        self.directory = directory
        self.command = [samples / sample / 'server', *map(str, arguments)]
        self.stop_with = stop_with
        self.address = None
        self.lines = []
        self.changed = threading.Condition()
        self.closed = False

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, cwd=self.directory)
        self.readers = [threading.Thread(target=self._read_output, daemon=True),
                        threading.Thread(target=self._read_errors, daemon=True)]
        self.errors = ''
        for reader in self.readers:
            reader.start()
        with self.changed:
            self.changed.wait_for(lambda: self.lines or self.closed, LIMIT)
            first = self.lines[0] if self.lines else ''
        match = re.fullmatch(r'listening on (\S+)', first)
        if not match:
            self._end()
            self.test.fail(f'{self.command} said {first!r} instead of its address; its errors: {self.errors}')
        self.address = match.group(1)
        return self

    def __exit__(self, kind, *_):
        self.process.send_signal(self.stop_with)
        try:
            self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self._end()
            self.test.fail(f'{self.command} runs {LIMIT} s after {self.stop_with.name}')
        self._end()
        if kind is None:
            self.test.assertEqual((self.process.returncode, self.errors), (0, ''), f'the end of {self.command}')

    def await_line(self, expression):
        """The match of the first line of output that fits."""
        def find():
            return next(filter(None, (re.fullmatch(expression, line) for line in self.lines)), None)
        with self.changed:
            self.changed.wait_for(lambda: find() or self.closed, LIMIT)
            self.test.assertTrue(find(), f'{self.command} said {self.lines}, and no {expression!r}')
            return find()

    def _end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for reader in self.readers:
            reader.join(LIMIT)

    def _read_output(self):
        with self.process.stdout as output:
            for line in output:
                with self.changed:
                    self.lines.append(line.rstrip('\n'))
                    self.changed.notify_all()
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def _read_errors(self):
        with self.process.stderr as errors:
            self.errors = errors.read()


def run(sample, program, *arguments, **options):
    """Runs a program to its end; returns its CompletedProcess, output and errors as text."""
    return subprocess.run([samples / sample / program, *map(str, arguments)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=LIMIT, check=False, **options)


def client(test, sample, target, *arguments):
    """The output of a client that has to succeed without a word of complaint."""
    ended = run(sample, 'client', '--target', target, *arguments)
    test.assertEqual((ended.returncode, ended.stderr), (0, ''), f'{sample}/client; its output: {ended.stdout}')
    return ended.stdout


def unix_path(test):
    """A path for a socket, gone with the test."""
    folder = tempfile.TemporaryDirectory()
    test.addCleanup(folder.cleanup)
    return os.path.join(folder.name, 'socket')


def main():
    global samples
    samples = Path(sys.argv.pop(1)).resolve()
    unittest.main()
