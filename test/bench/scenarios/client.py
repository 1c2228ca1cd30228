# SPDX-License-Identifier: Apache-2.0
"""CPU of the client for a unary call against the floor server, by connections × streams.

A short run is subtracted: it holds the start of the program, its connections and first calls.
"""

import statistics

import shapes
from measures import COUNTERPART, run_client
from processes import Skip
from requirements import against_rivals

KEY = "client"
TITLE = "client, unary: CPU µs a call"
MORE_IS_BETTER = False
SECONDS = (12, 140)
PLOT = {"bars": True}
REQUIREMENTS = against_rivals(
    "P2",
    KEY,
    [shapes.name(each) for each in shapes.REQUIRED],
    {"floor": (1.6, 1.2), "grpc C++": (12, 20), "tonic": (5, 7)},
    shapes.IF_MISSED,
)


def measure(bench):
    floor = bench.named("floor")
    if not floor or not floor.server:
        raise Skip("clients need the floor server as counterpart")
    with bench.servers(COUNTERPART, [floor]) as started:
        _, port = started[floor]
        return {shapes.name(shape): of_shape(bench, shape, port) for shape in shapes.of(bench)}


def short_run(bench, once, calls):
    return statistics.median(once(calls)[1] for _ in range(1 if bench.quick else 3))


def of_shape(bench, shape, port):
    few = 5 * shape[0] * shape[1]
    measures = {}
    for each in bench.having("client"):
        def once(calls, command=each.client):
            return run_client(bench.children, command, port, "unary", shape, calls)

        bench.progress.say(f"client, {shapes.name(shape)}: how fast is {each.name}?")
        first = bench.attempt(each.name, lambda: (short_run(bench, once, few), once(few + 1000)[0]))
        if first:
            base, rate = first
            calls = bench.length(rate, 2 * few)

            def cost(once=once, calls=calls, base=base):
                return (once(calls + few)[1] - base) / calls * 1e6

            measures[each.name] = cost
    return bench.interleaved(f"client, {shapes.name(shape)}", measures)
