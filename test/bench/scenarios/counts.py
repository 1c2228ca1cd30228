# SPDX-License-Identifier: Apache-2.0
"""Instructions, allocations and system calls: exact, so one round is enough. --quick counts sluice alone."""

import counters
import shapes
from measures import client_command, shape_options
from processes import Skip
from requirements import Requirement

KEY = "counts"
TITLE = f"counts of a unary call at {shapes.name(shapes.COUNTED)}, or as named"
MORE_IS_BETTER = False
SECONDS = (25, 200)
PLOT = None

ONE = "system calls, one outstanding"
IDLE = "system calls a second, idle"
STREAMED = {"download": ("sent", "received"), "upload": ("received", "sent")}  # server, client

def limits(number, row, gate, goal=None, sides=("server", "client")):
    rows = [f"{row}, {side}" for side in sides]
    return [Requirement(number, each, KEY, each, "limit", gate, goal) for each in rows]


REQUIREMENTS = [
    *limits("P4", "instructions", 12000, 8000, ["server"]),
    *limits("P4", "instructions", 13000, 9000, ["client"]),
    *limits("P5", "allocations", 2, 0, ["server"]),
    *limits("P5", "allocations", 4, 0, ["client"]),
    *limits("P5", "allocations, streamed message sent", 1, 0),
    *limits("P5", "allocations, streamed message received", 1, 0),
    *limits("P6", "system calls", 0.1, 0.04),
    *limits("P6", ONE, 4, 3),
    *limits("P6", IDLE, 0),
]


class Table:
    """Counts one figure after the other: row → implementation → [figure]."""

    def __init__(self, bench, floor):
        self._bench = bench
        self._children = bench.children
        self._floor = floor
        self._counted = [each for each in bench.all if each.counted]
        if bench.quick:
            self._counted = [each for each in self._counted if each.name == "sluice"]
        self.rows = {}

    def _row(self, label, side, count):
        row = self.rows.setdefault(label, {})
        for each in self._counted:
            command = getattr(each, side)
            if not command:
                continue
            self._bench.progress.say(f"{label}, {each.name}")
            figure = self._bench.attempt(each.name, lambda: count(command))
            if figure is not None:
                row[each.name] = [figure]

    def unary(self, counter, shape, what):
        def load(port, calls):
            return [self._bench.load, "--port", port, *shape_options(shape), "--calls", str(calls)]

        def of_server(command):
            return counter.of_server(self._children, command, load)

        def of_client(command):
            def client(port, calls):
                return client_command(command, port, "unary", shape, calls)

            return counter.of_client(self._children, self._floor.server, client)

        self._row(f"{what}, server", "server", of_server)
        self._row(f"{what}, client", "client", of_client)

    def streamed(self, counter, kind):
        def client_of(command):
            return lambda port, messages: client_command(command, port, kind, (1, 1), messages)

        def of_server(command):
            return counter.of_server(self._children, command, client_of(self._floor.client))

        def of_client(command):
            return counter.of_client(self._children, self._floor.server, client_of(command))

        server, client = STREAMED[kind]
        self._row(f"{counter.name}, streamed message {server}, server", "server", of_server)
        self._row(f"{counter.name}, streamed message {client}, client", "client", of_client)

    def idle(self):
        def of_server(command):
            return counters.idle_server(self._children, command, self._bench.load, (1, 1))

        def of_client(command):
            return counters.idle_client(self._children, command, self._floor.server)

        self._row(f"{IDLE}, server", "server", of_server)
        self._row(f"{IDLE}, client", "client", of_client)


def measure(bench):
    floor = bench.named("floor")
    if not floor:
        raise Skip("clients need the floor server as counterpart")
    table = Table(bench, floor)
    if counter := counters.allocations(bench.directory):
        table.unary(counter, shapes.COUNTED, "allocations")
        for kind in STREAMED:
            table.streamed(counter, kind)
    if counter := counters.instructions():
        table.unary(counter, shapes.COUNTED, "instructions")
    if counter := counters.system_calls((20000, 60000)):
        table.unary(counter, shapes.COUNTED, "system calls")
        table.unary(counters.system_calls((500, 2500)), (1, 1), ONE)
        table.idle()
    return table.rows
