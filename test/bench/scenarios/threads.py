# SPDX-License-Identifier: Apache-2.0
"""CPU of a server of two threads for a unary call against one of one thread, at 10 × 100.

One thread has one core, two have two. The load generator keeps its core: where there are only two, the second
thread shares it, which the CPU of a call hardly shows. grpc's own threads go where there are cores.
"""

import functools
import os

import scaling
from processes import Skip
from requirements import Requirement

KEY = "threads"
TITLE = "unary at 10 × 100 by threads: CPU µs of the server a call"
MORE_IS_BETTER = False
SECONDS = (4, 25)
PLOT = {"bars": True}
IF_MISSED = (
    "On two cores the load shares the second one and its caches. Next: four cores; nothing is locked in a call."
)
REQUIREMENTS = [
    Requirement(
        "P12", "CPU a call, two threads against one", KEY, "2 threads", "row:1 thread", 1.1, 1.03,
        if_missed=IF_MISSED,
    )
]

OPTIONS = {"sluice": ("--threads",), "grpc callback": ()}


def load(implementation, threads):
    option = OPTIONS[implementation.name]
    return scaling.Load(
        10, 100,
        server_options=(*option, str(threads)) if option else (),
        cores=",".join(map(str, range(threads))),
    )


@functools.cache  # threads_rate shows the other half of it
def rounds(bench):
    if (os.cpu_count() or 1) < 2:
        raise Skip("two threads need two cores")
    those = [each for each in bench.having("server") if each.name in OPTIONS]
    rows = {
        label: {each: load(each, threads) for each in those}
        for threads, label in ((1, "1 thread"), (2, "2 threads"))
    }
    return scaling.measured(bench, "threads", rows)


def measure(bench):
    return scaling.cpu_us(rounds(bench))
