# SPDX-License-Identifier: Apache-2.0
"""What programs keep in memory while they do nothing."""

import contextlib
import subprocess

from processes import Failed, read_line


def resident_kib(pid):
    """Exact, where VmRSS of /proc/PID/status lags behind."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        for line in file:
            if line.startswith("Rss:"):
                return int(line.split()[1])
    raise Failed("no Rss in smaps_rollup")


@contextlib.contextmanager
def paused(children, core, command):
    """A program that has said `warm` and waits; ended with the context."""
    child = children.start(core, command, stdin=subprocess.PIPE)
    try:
        if read_line(child, command) != "warm":
            raise Failed(f"{command[0]} did not get through its warm-up")
        yield child
    finally:
        children.end(child)
