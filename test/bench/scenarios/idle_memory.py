# SPDX-License-Identifier: Apache-2.0
"""Resident memory of what is open and silent: the slope between few and many, each with fresh processes.

A connection has made one call. A stream is bidirectional and has carried one message each way; both ends are
the same implementation, and the number of connections does not change. Buffers of the kernel are not in it.
"""

from measures import COUNTERPART, MEASURED, client_command, shape_options
from memory import paused, resident_kib
from requirements import Requirement

KEY = "idle_memory"
TITLE = "idle: KiB of resident memory"
MORE_IS_BETTER = False
SECONDS = (8, 90)
PLOT = {"bars": True}

CONNECTION = "server, a connection"
STREAM = {"server": "server, a stream", "client": "client, a stream"}
IF_MISSED = "nghttp2's stream and the user's frame are 0.5 to 0.7 KiB of it. Next: smaller call objects."
REQUIREMENTS = [
    Requirement("P11", "KiB of an idle connection, server", KEY, CONNECTION, "limit", 24, 14),
    Requirement("P11", "KiB of an idle stream, server", KEY, STREAM["server"], "limit", 2, 1, if_missed=IF_MISSED),
    Requirement("P11", "KiB of an idle stream, client", KEY, STREAM["client"], "limit", 2, 1, if_missed=IF_MISSED),
]

HAVE_IDLE_STREAMS = ("sluice", "grpc callback")  # whose clients know --kind idle
CONNECTIONS = 20  # of the streams; servers allow 1000 on each


def measure(bench):
    rounds = 1 if bench.quick else 2  # they hardly differ
    result = {CONNECTION: {}, **{label: {} for label in STREAM.values()}}
    those = ("sluice", "grpc callback") if bench.few_rows else [each.name for each in bench.having("server")]
    for each in bench.having("server"):
        if each.name not in those:
            continue
        bench.progress.say(f"memory of connections, {each.name}")
        figures = [bench.attempt(each.name, lambda: connection(bench, each)) for _ in range(rounds)]
        add(result[CONNECTION], each.name, figures)
    for each in bench.having("server", "client"):
        if each.name in HAVE_IDLE_STREAMS:
            bench.progress.say(f"memory of streams, {each.name}")
            figures = [bench.attempt(each.name, lambda: stream(bench, each)) for _ in range(rounds)]
            for side, label in STREAM.items():
                add(result[label], each.name, [one and one[side] for one in figures])
    return result


def add(row, name, figures):
    if None not in figures:
        row[name] = figures


def connection(bench, implementation):
    few, many = (100, 1000) if bench.quick else (1000, 9900)  # our server takes 10,000

    def resident(count):
        load = [bench.load, *shape_options((count, 1)), "--warmup", str(count), "--pause"]
        server, port = bench.children.start_server(MEASURED, implementation.server)
        try:
            with paused(bench.children, COUNTERPART, [*load, "--port", port]):
                return resident_kib(server.pid)
        finally:
            bench.children.end(server)

    return (resident(many) - resident(few)) / (many - few)


def stream(bench, implementation):
    few, many = 50, 400 if bench.quick else 1000  # on each connection

    def resident(count):
        server, port = bench.children.start_server(MEASURED, implementation.server)
        try:
            client = client_command(implementation.client, port, "idle", (CONNECTIONS, count), 1)
            with paused(bench.children, COUNTERPART, client) as started:
                return {"server": resident_kib(server.pid), "client": resident_kib(started.pid)}
        finally:
            bench.children.end(server)

    with_many, with_few = resident(many), resident(few)
    return {side: (with_many[side] - with_few[side]) / (CONNECTIONS * (many - few)) for side in STREAM}
