# SPDX-License-Identifier: Apache-2.0
"""CPU of the server for a unary call beside streams that are open and silent: 100 connections with ten calls
outstanding on each, and as many silent streams as are missing for the number of the row."""

import scaling
from requirements import Requirement
from scenarios.open_streams import servers

KEY = "beside_streams"
TITLE = "unary beside silent streams: CPU µs of the server a call"
MORE_IS_BETTER = False
SECONDS = (6, 70)
PLOT = {"x": "concurrent streams", "log": True}
REQUIREMENTS = [
    Requirement("P12", "CPU a call, 100k concurrent streams against 1k", KEY, "100000", "row:1000", 1.5, 1.2)
]


def load(streams, options=()):
    silent = streams // 100 - 10
    held = ("--held", str(silent)) if silent else ()
    return scaling.Load(100, 10, options=(*held, *options))


def measure(bench):
    sizes = (1000, 100000) if bench.few_rows else (1000, 10000, 100000)
    rows = {str(size): dict.fromkeys(servers(bench, size), load(size)) for size in sizes}
    return scaling.cpu_us(scaling.measured(bench, "unary beside streams", rows))
