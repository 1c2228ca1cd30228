# SPDX-License-Identifier: Apache-2.0
"""Exact counts of what a program does for a call."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from measures import COUNTERPART, MEASURED, client_command, shape_options
from processes import Failed


class Counter:
    """Counts of a whole run; the slope between two lengths of a run is the count of a call."""

    def __init__(self, name, prefix, environment, pattern, lengths):
        self.name = name
        self.prefix = prefix
        self.environment = environment
        self.pattern = pattern
        self.lengths = lengths

    def of_server(self, children, server, client):
        """`client(port, calls)`: the command line of a counterpart that makes so many calls."""

        def count(calls):
            with tempfile.TemporaryFile("w+") as stderr, tempfile.NamedTemporaryFile("r") as output:
                started, port = children.start_server(MEASURED, server, **self._how(stderr, output))
                command = client(port, calls)
                children.finish(children.start(COUNTERPART, command), command)
                children.end(started)
                return self._found(stderr, output)

        return self._slope(count)

    def of_client(self, children, server, client):
        """`client(port, calls)`: the command line of what is counted."""
        started, port = children.start_server(COUNTERPART, server)

        def count(calls):
            with tempfile.TemporaryFile("w+") as stderr, tempfile.NamedTemporaryFile("r") as output:
                command = client(port, calls)
                children.finish(children.start(MEASURED, command, **self._how(stderr, output)), command)
                return self._found(stderr, output)

        try:
            return self._slope(count)
        finally:
            children.end(started)

    def _how(self, stderr, output):
        prefix = [part.replace("OUTPUT", output.name) for part in self.prefix]
        return {"prefix": prefix, "environment": self.environment, "stderr": stderr}

    def _found(self, *files):
        for file in files:
            file.seek(0)
            found = re.findall(self.pattern, file.read(), re.MULTILINE)
            if found:
                return int(found[-1].replace(",", ""))
        raise Failed(f"no count of {self.name}")

    def _slope(self, count):
        short, long = self.lengths
        return round((count(long) - count(short)) / (long - short), 3) or 0.0  # never -0.0


def allocations(directory):
    """None when the module that counts them was not built."""
    preload = os.path.join(directory, "count_malloc.so")
    if not os.path.exists(preload):
        return None
    return Counter("allocations", [], {"LD_PRELOAD": preload}, r"^allocations (\d+)", (20000, 60000))


def instructions():
    """None without valgrind."""
    if not shutil.which("valgrind"):
        return None
    prefix = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    return Counter("instructions", prefix, {}, r"Collected : (\d+)", (4000, 10000))


def system_calls(lengths):
    """None without strace."""
    if not shutil.which("strace"):
        return None
    prefix = ["strace", "-f", "-c", "-o", "OUTPUT"]
    return Counter("system calls", prefix, {}, r"^100\.00 +[\d.]+ +\d+ +(\d+) .*total$", lengths)


SETTLED, WATCHED = 0.3, 1.0  # seconds
AT_WORK = 500  # system calls, after which a program has connected and called


class Trace:
    """What strace writes of a program, a line for each system call."""

    def __init__(self, log):
        self._log = log
        self.prefix = ["strace", "-f", "-o", log.name]

    def lines(self):
        return sum(1 for _ in self._log)

    def wait_until_at_work(self):
        seen, until = 0, time.monotonic() + 20
        while seen < AT_WORK:
            if time.monotonic() > until:
                raise Failed("it made no calls under strace")
            time.sleep(0.02)  # sleep: strace tells nobody
            seen += self.lines()

    def calls_a_second(self):
        time.sleep(SETTLED)  # sleep: that nothing happens cannot be waited for
        self.lines()
        time.sleep(WATCHED)  # sleep: the measured time
        return self.lines() / WATCHED


@contextlib.contextmanager
def trace():
    with tempfile.NamedTemporaryFile("r") as log:
        yield Trace(log)


def idle_server(children, server, load, shape):
    """System calls a second while its client, after some calls, says nothing."""
    with trace() as traced:
        started, port = children.start_server(MEASURED, server, prefix=traced.prefix)
        command = [load, "--port", port, *shape_options(shape), "--warmup", "1000", "--pause"]
        peer = children.start(COUNTERPART, command, stdin=subprocess.PIPE)
        try:
            if peer.stdout.readline().strip() != "warm":
                raise Failed("the load did not get through its warm-up")
            return traced.calls_a_second()
        finally:
            children.end(peer)
            children.end(started)


def idle_client(children, client, server):
    """The same. Its server is stopped in the middle of calls: the connection is as silent as an idle one."""
    peer, port = children.start_server(COUNTERPART, server)
    with trace() as traced:
        command = client_command(client, port, "latency", (1, 1), 1000000)
        started = children.start(MEASURED, command, prefix=traced.prefix)
        try:
            traced.wait_until_at_work()
            peer.send_signal(signal.SIGSTOP)
            return traced.calls_a_second()
        finally:
            peer.send_signal(signal.SIGCONT)
            children.end(started)
            children.end(peer)
