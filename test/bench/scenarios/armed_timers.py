# SPDX-License-Identifier: Apache-2.0
"""CPU of the server for a unary call beside 99,000 open streams: without deadlines, and when every call and every
stream has one, so that nearly 100,000 timers are armed at any time."""

import scaling
from requirements import Requirement
from scenarios import beside_streams
from scenarios.open_streams import servers

KEY = "armed_timers"
TITLE = "unary beside 99,000 streams: CPU µs of the server a call"
MORE_IS_BETTER = False
SECONDS = (10, 80)
PLOT = {"bars": True}

NONE, ARMED = "no deadlines", "100,000 armed timers"
REQUIREMENTS = [Requirement("P13", "100k armed timers: CPU a call", KEY, ARMED, f"row:{NONE}", 1.05, 1.02)]
STREAMS = 100000


def measure(bench):
    those = servers(bench, STREAMS)
    rows = {
        NONE: dict.fromkeys(those, beside_streams.load(STREAMS)),
        ARMED: dict.fromkeys(those, beside_streams.load(STREAMS, ("--deadline", "3600"))),
    }
    return scaling.cpu_us(scaling.measured(bench, "armed timers", rows))
