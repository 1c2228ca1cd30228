# SPDX-License-Identifier: Apache-2.0
"""Calls a second of the server's CPU when half of all calls are cancelled.

Every second call is a stream: one message each way, while its handler waits for the next one. It ends by itself,
or is cancelled there by RST_STREAM. A GOAWAY, or a call that fails, ends the generator and with it the measure.
The floor is not among them: nghttp2 answers so many resets with GOAWAY.
"""

import scaling
from requirements import Requirement

KEY = "cancels"
TITLE = "every second call a stream: thousand calls/s of the server's CPU"
MORE_IS_BETTER = True
SECONDS = (4, 40)
PLOT = {"bars": True}

NONE, HALF = "none cancelled", "half of all cancelled"
REQUIREMENTS = [
    Requirement(
        "P13", "half of all calls cancelled: calls/s against none", KEY, HALF, f"row:{NONE}", 0.7, 0.85, at_least=True
    )
]


def load(*options):
    return scaling.Load(10, 100, options=("--kind", "mixed", *options))


def measure(bench):
    those = [each for each in bench.having("server") if each.name != "floor"]
    if bench.quick:
        those = [each for each in those if each.name in ("sluice", "grpc callback")]
    rows = {NONE: dict.fromkeys(those, load()), HALF: dict.fromkeys(those, load("--cancel"))}
    return {
        label: {name: [1e-3 / cpu for _, cpu in rounds] for name, rounds in figures.items()}
        for label, figures in scaling.measured(bench, "cancels", rows).items()
    }
