# SPDX-License-Identifier: Apache-2.0
"""Starts the programs of the peers, bounded in time; whatever is started here is ended here."""
import os
import re
import signal
import subprocess
import threading
import time

START_LIMIT = 20
STOP_LIMIT = 2
CASE_LIMIT = 25  # a client gives each case 20 s


class Child:
    """A program in a process group of its own, its lines read as they come. Leaving the block ends it."""

    def __init__(self, command, env, log):
        self.lines = []
        self.changed = threading.Condition()
        self.closed = False
        self.log = open(log, 'ab')
        self.process = subprocess.Popen([str(word) for word in command], env={**os.environ, **env},
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log,
                                        text=True, errors='replace', start_new_session=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.rstrip('\n'))
                self.changed.notify_all()
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def await_line(self, expression, limit):
        """The match of the first line that fits; None when the output ends, or the time, before one comes."""
        def find():
            return next(filter(None, (re.fullmatch(expression, line) for line in self.lines)), None)
        with self.changed:
            self.changed.wait_for(lambda: find() or self.closed, limit)
            return find()

    def await_end(self, limit):
        """The exit code; None when the program still runs after the limit."""
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            return None

    def signal(self, number):
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.signal(signal.SIGKILL)
        self.process.wait()
        with self.changed:
            self.changed.wait_for(lambda: self.closed, 5)
        self.log.close()


class Server(Child):
    """A peer's server; `port` is None when it did not come up."""

    def __init__(self, peer, logs):
        super().__init__([*peer.server, '--port', '0'], peer.env, logs / f'{peer.name}-server.log')
        self.port = None

    def __enter__(self):
        try:
            match = self.await_line(r'listening on (\d+)', START_LIMIT)
        except BaseException:
            self.__exit__()
            raise
        self.port = int(match.group(1)) if match else None
        return self

    def stop(self):
        """Why the server's end is not the one of the contract; None when it is."""
        code = self.process.poll()
        if code is not None:
            return f'the server had ended with exit code {code}'
        self.signal(signal.SIGTERM)
        code = self.await_end(STOP_LIMIT)
        if code is None:
            return f'the server runs {STOP_LIMIT} s after SIGTERM'
        return None if code == 0 else f'the server ended with exit code {code} on SIGTERM'


def run_client(peer, port, case, names, logs):
    """Runs one case, or 'all'.

    Returns {name: why not, or None} of the names, and why the client's end is wrong.
    """
    log = logs / f'{peer.name}-client.log'
    results = {}
    command = [*peer.client, '--target', f'127.0.0.1:{port}', '--case', case]
    with Child(command, peer.env, log) as client:
        begun = time.monotonic()
        code = client.await_end(CASE_LIMIT * len(names))
        took = time.monotonic() - begun
    for line in client.lines:
        match = re.fullmatch(r'(PASS|FAIL) (\w+)(?:: (.*))?', line)
        if match:
            why = match.group(3) or 'no reason given'
            results[match.group(2)] = None if match.group(1) == 'PASS' else why
    how = f'killed after {took:.0f} s' if code is None else f'exit code {code}'
    failed = any(why is not None for why in results.values())
    for name in names:
        results.setdefault(name, f'the client did not report it ({how})')
    wrong = None if code == (1 if failed else 0) else f'the client: {how}'
    return results, wrong
