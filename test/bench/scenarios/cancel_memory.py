# SPDX-License-Identifier: Apache-2.0
"""Memory that a process still has after many cancelled calls, beyond what it had after the first of them.

The server answers calls in the ordinary way before each look, so it is known to be well. Of the client it is
the slope between two runs, against our server.
"""

import scaling
from measures import COUNTERPART, MEASURED, client_command, shape_options
from memory import paused, resident_kib
from requirements import Requirement

KEY = "cancel_memory"
TITLE = "memory after cancelled calls: bytes more for each"
MORE_IS_BETTER = False
SECONDS = (5, 40)
QUICK = False
PLOT = None

SHAPE = (10, 100)
REQUIREMENTS = [
    Requirement("P13", f"bytes kept of each cancelled call, {side}", KEY, side, "limit", 1)
    for side in ("server", "client")
]


def measure(bench):
    rows = {"server": {}, "client": {}}
    for each in scaling.compared(bench, (*scaling.LEFT_OUT, "floor")):
        bench.progress.say(f"memory after cancelled calls, {each.name}")
        note(rows["server"], each.name, bench.attempt(each.name, lambda: of_server(bench, each)))
    ours = bench.named("sluice")
    if ours and ours.server and ours.client:
        bench.progress.say("memory after cancelled calls, our client")
        note(rows["client"], ours.name, bench.attempt(ours.name, lambda: of_client(bench, ours)))
    return rows


def note(row, name, figure):
    if figure is not None:
        row[name] = [figure]


def sizes(bench):
    """Calls of the first look and until the second one; half of them are cancelled."""
    return 40000, 100000 if bench.quick else 500000


def of_server(bench, implementation):
    first, more = sizes(bench)
    server, port = bench.children.start_server(MEASURED, implementation.server)

    def run(calls, *options):
        command = [bench.load, "--port", port, *shape_options(SHAPE), "--calls", str(calls), *options]
        bench.children.finish(bench.children.start(COUNTERPART, command), command)

    def bytes_after(calls):
        run(calls, "--kind", "mixed", "--cancel")
        run(20000)
        return resident_kib(server.pid) * 1024

    try:
        before = bytes_after(first)
        return (bytes_after(more) - before) / (more / 2)
    finally:
        bench.children.end(server)


def of_client(bench, implementation):
    first, more = sizes(bench)
    with bench.servers(COUNTERPART, [implementation]) as started:
        _, port = started[implementation]

        def bytes_after(calls):
            command = client_command(implementation.client, port, "mixed", SHAPE, calls)
            with paused(bench.children, MEASURED, [*command, "--cancel", "--pause"]) as client:
                return resident_kib(client.pid) * 1024

        return (bytes_after(first + more) - bytes_after(first)) / (more / 2)
