# SPDX-License-Identifier: Apache-2.0
"""A unary call when there is one at a time, both ends the same implementation.

raw TCP is Asio and a socket, of as many bytes as a call.
"""

from measures import MEASURED, Implementation, call_latency
from requirements import Requirement

KEY = "latency"
TITLE = "one outstanding call: µs"
MORE_IS_BETTER = False
SECONDS = (4, 35)
PLOT = {"bars": True}
REQUIREMENTS = [
    Requirement("P3", "one outstanding call: p50 against a TCP echo", KEY, "p50", "raw TCP", 1.6, 1.35),
    Requirement("P3", "one outstanding call: p99 against its p50", KEY, "p99", "row:p50", 2.5),
]


def measure(bench):
    raw = Implementation("raw TCP", bench.directory, ["tcp_echo", "server"], ["tcp_echo", "client"])
    measures = {}
    with bench.servers(MEASURED, [*bench.having("server", "client"), raw]) as started:
        for each, (_, port) in started.items():
            def once(calls, command=each.client, port=port):
                return call_latency(bench.children, command, port, calls)

            first = bench.attempt(each.name, lambda: once(500))
            if first:
                calls = bench.length(500 / first[0])
                measures[each.name] = lambda once=once, calls=calls: once(calls)[1:]
        rounds = bench.interleaved("latency", measures)
    return {
        label: {name: [each[at] for each in figures] for name, figures in rounds.items()}
        for at, label in enumerate(("p50", "p99"))
    }
