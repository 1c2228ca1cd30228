# SPDX-License-Identifier: Apache-2.0
"""Calls a second in the rounds of `threads`; with only two cores a lower bound for two threads."""

import scaling
from scenarios import threads

KEY = "threads_rate"
TITLE = "unary at 10 × 100 by threads: thousand calls/s"
MORE_IS_BETTER = True
SECONDS = (0, 0)  # beyond those of threads
PLOT = {"bars": True}
REQUIREMENTS = []


def measure(bench):
    return scaling.thousand_a_second(threads.rounds(bench))
