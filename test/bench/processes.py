# SPDX-License-Identifier: Apache-2.0
"""Starts and ends the programs of the benchmark, and reads their clocks."""

import contextlib
import json
import os
import select
import signal
import subprocess
import time

CONGESTION = "/proc/sys/net/ipv4/tcp_congestion_control"
DEADLINE = 120  # seconds for any one run; under valgrind a run is fifty times slower


class Failed(Exception):
    """A program of the benchmark did not do its part."""


class Skip(Exception):
    """A peer or a scenario cannot be had on this machine, for this reason."""


def cpu_seconds(pid):
    """User and system time of a process, of all its threads, ended ones too, in nanosecond steps.

    This is the clock that clock_getcpuclockid(3) gives; /proc/PID/stat counts in steps of 10 ms.
    """
    return time.clock_gettime((~pid << 3) | 2)


class Children:
    """What was started and not ended; on exit nothing of it is left."""

    def __init__(self):
        self._alive = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in list(self._alive):
            self.end(child)

    def start(self, core, command, prefix=(), environment=None, **pipes):
        child = subprocess.Popen(
            ["taskset", "-c", str(core), *prefix, *command],
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE,
            text=True,
            **pipes,
        )
        child.under = prefix[0] if prefix else None  # what the program runs under
        self._alive.append(child)
        return child

    def start_server(self, core, command, **how):
        server = self.start(core, [*command, "--port", "0"], **how)
        line = read_line(server, command)
        if not line.startswith("listening on "):
            raise Failed(f"{command[0]} said {line!r} instead of its port")
        return server, line.split()[-1]

    def finish(self, child, command):
        """Waits for a program that ends by itself; returns its result and the CPU seconds that it took."""
        line = read_line(child, command)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self._forget(child)
        if child.returncode != 0:
            raise Failed(f"{' '.join(command)} ended with {child.returncode}")
        return json.loads(line), usage.ru_utime + usage.ru_stime

    def stop(self, child, command):
        """SIGTERM to a server that then prints its result, like finish."""
        child.terminate()
        return self.finish(child, command)

    def end(self, child):
        """SIGTERM, then SIGKILL."""
        if child.poll() is None:
            program = traced_child(child) if child.under == "strace" else child.pid
            with contextlib.suppress(ProcessLookupError):
                os.kill(program, signal.SIGTERM)
            try:
                child.wait(DEADLINE if child.under else 10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._forget(child)

    def _forget(self, child):
        self._alive.remove(child)
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()


def read_line(child, command):
    """The next line of a program that prints few: its pipe never holds two."""
    ready, _, _ = select.select([child.stdout], [], [], DEADLINE)
    line = child.stdout.readline().strip() if ready else ""
    if not line:
        why = "it ended early" if ready else "no answer in time"
        raise Failed(f"{' '.join(command)}: {why}")
    return line


def traced_child(tracer):
    """strace stays as a process of its own, which ignores SIGTERM; the program is its child."""
    with open(f"/proc/{tracer.pid}/task/{tracer.pid}/children") as children:
        return int((children.read().split() or [tracer.pid])[0])


@contextlib.contextmanager
def cubic():
    """Kernels that default to BBR pace on loopback. Says which congestion control holds while it lasts."""
    with open(CONGESTION) as file:
        before = file.read().strip()
    try:
        if before != "cubic":
            with open(CONGESTION, "w") as file:
                file.write("cubic")
    except OSError:
        yield before + " (cubic could not be set)"
        return
    try:
        yield "cubic"
    finally:
        if before != "cubic":
            with open(CONGESTION, "w") as file:
                file.write(before)
