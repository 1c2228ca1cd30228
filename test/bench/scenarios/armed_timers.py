# SPDX-License-Identifier: Apache-2.0
"""CPU of the server for a unary call with a deadline beside 99,000 open streams: these without deadlines, or
all with one, so that 100,000 timers are armed while those of the calls come and go.

The floor has no timers; what it shows is the noise.
"""

import scaling
from requirements import Requirement
from scenarios import beside_streams
from scenarios.open_streams import servers

KEY = "armed_timers"
TITLE = "unary with a deadline beside 99,000 streams: CPU µs of the server a call"
MORE_IS_BETTER = False
SECONDS = (6, 70)
PLOT = {"bars": True}

FEW, MANY = "1,000 armed timers", "100,000 armed timers"
REQUIREMENTS = [Requirement("P13", "100k armed timers: CPU a call", KEY, MANY, f"row:{FEW}", 1.05, 1.02)]
STREAMS = 100000


def measure(bench):
    those = servers(bench, STREAMS)
    calls = ("--deadline", "3600")
    rows = {
        FEW: dict.fromkeys(those, beside_streams.load(STREAMS, calls)),
        MANY: dict.fromkeys(those, beside_streams.load(STREAMS, (*calls, "--held-deadline", "3600"))),
    }
    return scaling.cpu_us(scaling.measured(bench, "armed timers", rows))
