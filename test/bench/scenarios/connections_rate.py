# SPDX-License-Identifier: Apache-2.0
"""Calls a second in the rounds of `connections`; the load generator, on one core, may be what limits them."""

import scaling
from scenarios import connections

KEY = "connections_rate"
TITLE = "unary, connections × 10 streams: thousand calls/s"
MORE_IS_BETTER = True
SECONDS = (0, 0)  # beyond those of connections
PLOT = {"x": "connections", "log": True}
REQUIREMENTS = []


def measure(bench):
    return scaling.thousand_a_second(connections.rounds(bench))
