# SPDX-License-Identifier: Apache-2.0
"""What a deadline on every call costs: instructions at 10 × 100, system calls with one call outstanding.

The load generator sends grpc-timeout as clients do whose timeouts differ from call to call: a literal that is
not indexed, the dearer way for the server. Ours has the same timeout in each call, and indexes it. With --quick
only of sluice.
"""

import counters
import shapes
from measures import client_command, shape_options
from processes import Skip
from requirements import Requirement

KEY = "deadlines"
TITLE = "deadlines: counts of a unary call"
MORE_IS_BETTER = False
SECONDS = (10, 50)
QUICK = False
PLOT = {"bars": True}

INSTRUCTIONS = "instructions, {side}, {how}"
SYSTEM_CALLS = "system calls, one outstanding, {side}, {how}"
NONE, EACH = "no deadlines", "a deadline each"


def requirement(what, row, side, gate, goal):
    row, base = row.format(side=side, how=EACH), row.format(side=side, how=NONE)
    return Requirement("P13", f"deadline on every call: {what}, {side}", KEY, row, f"row:{base}", gate, goal)


REQUIREMENTS = [
    *(requirement("instructions", INSTRUCTIONS, side, 1.05, 1.02) for side in ("server", "client")),
    *(requirement("system calls", SYSTEM_CALLS, side, 1.01, None) for side in ("server", "client")),
]

SECONDS_OF_CALL = "3600"
HAVE_DEADLINES = ("sluice",)  # whose clients know --deadline


def measure(bench):
    floor = bench.named("floor")
    if not floor:
        raise Skip("clients need the floor server as counterpart")
    rows = {}
    for counter, row, shape in (
        (counters.instructions(), INSTRUCTIONS, shapes.COUNTED),
        (counters.system_calls((500, 2500)), SYSTEM_CALLS, (1, 1)),
    ):
        if counter:
            if bench.quick:
                counter.lengths = tuple(length // 2 for length in counter.lengths)
            count(bench, floor, counter, row, shape, rows)
    if not rows:
        raise Skip("neither valgrind nor strace is there")
    return rows


def count(bench, floor, counter, row, shape, rows):
    counted = [each for each in bench.having("server") if each.counted]
    if bench.quick:
        counted = [each for each in counted if each.name == "sluice"]
    for how, options in ((NONE, []), (EACH, ["--deadline", SECONDS_OF_CALL])):
        for side, of in (("server", of_server), ("client", of_client)):
            figures = rows.setdefault(row.format(side=side, how=how), {})
            for each in counted:
                if side == "client" and each.name not in HAVE_DEADLINES:
                    continue
                bench.progress.say(f"{counter.name} of the {side}, {how}, {each.name}")
                figure = bench.attempt(each.name, lambda: of(bench, floor, counter, each, shape, options))
                if figure is not None:
                    figures[each.name] = [figure]


def of_server(bench, _, counter, implementation, shape, options):
    def load(port, calls):
        return [bench.load, "--port", port, *shape_options(shape), "--calls", str(calls), *options]

    return counter.of_server(bench.children, implementation.server, load)


def of_client(bench, floor, counter, implementation, shape, options):
    def client(port, calls):
        return [*client_command(implementation.client, port, "unary", shape, calls), *options]

    return counter.of_client(bench.children, floor.server, client)
