# SPDX-License-Identifier: Apache-2.0
"""CPU of the server for a unary call under the load generator, by connections × streams."""

import shapes
from measures import MEASURED, load_server
from requirements import against_rivals

KEY = "server"
TITLE = "server, unary: CPU µs a call"
MORE_IS_BETTER = False
SECONDS = (10, 130)
PLOT = {"bars": True}
REQUIREMENTS = against_rivals(
    "P1",
    KEY,
    [shapes.name(each) for each in shapes.REQUIRED],
    {"floor": (1.5, 1.1), "grpc C++": (6, 9), "grpc-go": (6, 9), "tonic": (2.5, 3.5)},
    shapes.IF_MISSED,
)


def measure(bench):
    with bench.servers(MEASURED, bench.having("server")) as started:
        return {shapes.name(shape): of_shape(bench, shape, started) for shape in shapes.of(bench)}


def of_shape(bench, shape, started):
    few = 5 * shape[0] * shape[1]
    measures = {}
    for each, (server, port) in started.items():
        def once(calls, server=server, port=port):
            return load_server(bench.children, bench.load, server, port, shape, calls, few)

        bench.progress.say(f"server, {shapes.name(shape)}: how fast is {each.name}?")
        first = bench.attempt(each.name, lambda: once(max(few, 1000)))
        if first:
            calls = bench.length(first[0], 2 * few)
            measures[each.name] = lambda once=once, calls=calls: once(calls)[1] * 1e6
    return bench.interleaved(f"server, {shapes.name(shape)}", measures)
