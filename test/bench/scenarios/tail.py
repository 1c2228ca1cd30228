# SPDX-License-Identifier: Apache-2.0
"""P14: how long calls take at 70 % of what the server can do, on a schedule, from when each should have begun.

What it can do is the highest rate on a schedule at which calls do not pile up, in tenths of the peak that a
closed loop reaches. Each implementation has a rate of its own, so the row above the times says which.

Then with every hundredth call going to a handler that waits for 5 ms: what the others take. Handlers that wait
are there for sluice and for grpc C++'s callback interface.
"""

import overloads
from measures import MEASURED
from requirements import Requirement

KEY = "tail"
TITLE = "server at 70 % of what it can do, open loop: µs"
MORE_IS_BETTER = False
SECONDS = (10, 60)
PLOT = {"bars": True}
RATE, P50, P99, P999, BESIDE = "thousand calls/s", "p50", "p99", "p99.9", "p99 beside 1 % of 5 ms"
REQUIREMENTS = [
    Requirement("P14", "p99 of fast calls beside 1 % of 5 ms against without", KEY, BESIDE, f"row:{P99}", 2),
]
GRANT_SLOW = ("sluice", "grpc callback")


class Granting:
    """An implementation whose server lets calls wait that ask for it."""

    def __init__(self, of):
        self.name = of.name
        self.slow = of.name in GRANT_SLOW
        self.server = [*of.server, "--slow"] if self.slow else of.server


def measure(bench):
    seconds = 0.4 if bench.quick else 2
    able = [Granting(each) for each in bench.having("server")]
    with bench.servers(MEASURED, able) as started:
        measures = {}
        for each, (_, port) in started.items():
            bench.progress.say(f"tail: how fast is {each.name}?")
            most = bench.attempt(each.name, lambda: overloads.capacity(bench, port))
            if most:
                measures[each.name] = rounds_of(bench, each, port, most * 0.7, seconds)
        rounds = bench.interleaved("tail", measures)
    return {
        label: {name: [each[at] for each in figures] for name, figures in rounds.items() if at < len(figures[0])}
        for at, label in enumerate((RATE, P50, P99, P999, BESIDE))
    }


def rounds_of(bench, each, port, rate, seconds):
    def once():
        alone = overloads.on_schedule(bench, port, rate, seconds)
        figures = [rate / 1e3, alone["p50_us"], alone["p99_us"], alone["p999_us"]]
        if each.slow:
            figures.append(overloads.on_schedule(bench, port, rate, seconds, "--slow")["p99_us"])
        return figures

    return once
