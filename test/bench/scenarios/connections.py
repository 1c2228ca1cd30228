# SPDX-License-Identifier: Apache-2.0
"""CPU of the server for a unary call by the number of connections, each with ten calls outstanding.

Ten calls share a turn of their connection, so with more connections only what the server keeps for each, and
the caches that it falls out of, can make a call dearer.
"""

import functools

import scaling

KEY = "connections"
TITLE = "unary, connections × 10 streams: CPU µs of the server a call"
MORE_IS_BETTER = False
SECONDS = (3, 70)
PLOT = {"x": "connections", "log": True}
REQUIREMENTS = []


@functools.cache  # connections_rate shows the other half of it
def rounds(bench):
    sizes = (1, 1000) if bench.few_rows else (1, 10, 100, 1000, 9900)  # our server takes 10,000
    rows = {str(size): dict.fromkeys(scaling.compared(bench), scaling.Load(size, 10)) for size in sizes}
    return scaling.measured(bench, "connections", rows)


def measure(bench):
    return scaling.cpu_us(rounds(bench))
