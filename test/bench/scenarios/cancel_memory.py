# SPDX-License-Identifier: Apache-2.0
"""Memory that the server still has after many cancelled calls, beyond what it had after the first of them.

Between two looks it answers calls in the ordinary way, so it is known to be well.
"""

from measures import COUNTERPART, MEASURED, shape_options
from memory import resident_kib
from requirements import Requirement

KEY = "cancel_memory"
TITLE = "memory after cancelled calls: bytes more for each"
MORE_IS_BETTER = False
SECONDS = (4, 30)
PLOT = None

GROWTH = "server"
REQUIREMENTS = [Requirement("P13", "bytes kept of each cancelled call", KEY, GROWTH, "limit", 1)]


def measure(bench):
    figures = {}
    for each in bench.having("server"):
        if each.name == "floor" or (bench.quick and each.name != "sluice"):
            continue
        bench.progress.say(f"memory after cancelled calls, {each.name}")
        figure = bench.attempt(each.name, lambda: growth(bench, each))
        if figure is not None:
            figures[each.name] = [figure]
    return {GROWTH: figures}


def growth(bench, implementation):
    calls = 100000 if bench.quick else 500000
    server, port = bench.children.start_server(MEASURED, implementation.server)

    def run(how_many, *options):
        command = [bench.load, "--port", port, *shape_options((10, 100)), "--calls", str(how_many), *options]
        bench.children.finish(bench.children.start(COUNTERPART, command), command)

    def resident_after(cancelled):
        run(2 * cancelled, "--kind", "mixed", "--cancel")
        run(20000)
        return resident_kib(server.pid) * 1024

    try:
        before = resident_after(20000)
        return (resident_after(calls // 2) - before) / (calls // 2)
    finally:
        bench.children.end(server)
