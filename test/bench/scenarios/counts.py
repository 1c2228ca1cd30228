# SPDX-License-Identifier: Apache-2.0
"""Instructions, allocations and system calls of a unary call: exact, so one round is enough."""

import shutil

import shapes
from measures import counters

KEY = "counts"
TITLE = f"counts of a unary call at {shapes.name(shapes.COUNTED)}"
MORE_IS_BETTER = False
SECONDS = (15, 120)
PLOT = None
REQUIREMENTS = []


def measure(bench):
    floor = bench.named("floor")
    result = {}
    for counter in counters(bench.directory, shutil.which):
        servers, clients = {}, {}
        for each in filter(lambda one: one.counted, bench.having("server")):
            bench.progress.say(f"{counter.name} of the server, {each.name}")
            servers[each.name] = bench.attempt(
                each.name, lambda: counter.of_server(bench.children, bench.load, each.server, shapes.COUNTED)
            )
        for each in filter(lambda one: one.counted and floor, bench.having("client")):
            bench.progress.say(f"{counter.name} of the client, {each.name}")
            clients[each.name] = bench.attempt(
                each.name, lambda: counter.of_client(bench.children, floor.server, each.client, shapes.COUNTED)
            )
        for side, values in (("server", servers), ("client", clients)):
            counted = {name: [value] for name, value in values.items() if value is not None}
            result[f"{counter.name}, {side}"] = counted
    return result
