# SPDX-License-Identifier: Apache-2.0
"""CPU of the server for a message there and back by the number of streams that are open in it.

The streams are bidirectional calls whose handlers wait for the next message, on 100 connections where there
are that many. Messages go round all of them, ten at a time on each connection, so beyond a thousand streams only
their number changes: each message finds its stream colder.
"""

import functools

import scaling
from requirements import Requirement

KEY = "open_streams"
TITLE = "messages on open streams: CPU µs of the server a message each way"
MORE_IS_BETTER = False
SECONDS = (6, 130)
PLOT = {"x": "open streams", "log": True}
IF_MISSED = "Each message finds its stream's state outside of the caches. Next: fewer lines of it."
REQUIREMENTS = [
    Requirement(
        "P12", "CPU a message, 100k open streams against 1k", KEY, "100000", "row:1000", 1.5, 1.2,
        if_missed=IF_MISSED,
    )
]

SLOW_TO_OPEN = ("grpc callback",)  # 1.51 takes a minute for 100,000 streams


def load(streams):
    connections = min(100, streams)
    on_each = streams // connections
    return scaling.Load(
        connections, min(10, on_each), options=("--held", str(on_each), "--kind", "messages")
    )


def servers(bench, streams):
    return scaling.compared(bench, scaling.LEFT_OUT + (SLOW_TO_OPEN if streams > 10000 else ()))


@functools.cache  # open_streams_rate shows the other half of it
def rounds(bench):
    sizes = (1, 1000, 100000) if bench.few_rows else (1, 10, 100, 1000, 10000, 100000)
    rows = {str(size): dict.fromkeys(servers(bench, size), load(size)) for size in sizes}
    return scaling.measured(bench, "open streams", rows)


def measure(bench):
    return scaling.cpu_us(rounds(bench))
