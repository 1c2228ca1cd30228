# SPDX-License-Identifier: Apache-2.0
"""Servers under loads of several sizes. Each round has a server of its own, so that none inherits what the
one before left behind, and the rounds of all rows are interleaved: they are compared with each other."""

from dataclasses import dataclass

from measures import MEASURED, load_server


@dataclass(frozen=True)
class Load:
    """What the generator does, and where the server runs."""

    connections: int
    streams: int  # with a call outstanding, on each connection
    options: tuple = ()
    server_options: tuple = ()
    cores: str = str(MEASURED)

    def run(self, bench, server_command, calls):
        """Calls a second, and CPU seconds of the server for each."""
        command = [*server_command, *self.server_options]
        server, port = bench.children.start_server(self.cores, command)
        shape = (self.connections, self.streams)
        try:
            few = 2 * self.connections * self.streams
            return load_server(bench.children, bench.load, server, port, shape, calls, few, self.options)
        finally:
            bench.children.end(server)


def measured(bench, what, rows):
    """`rows`: label → implementation → Load. Gives label → name → [(calls a second, CPU seconds a call)]."""
    measures = {}
    for label, loads in rows.items():
        for each, load in loads.items():
            bench.progress.say(f"{what}, {label}: how fast is {each.name}?")
            few = max(1000, 2 * load.connections * load.streams)
            first = bench.attempt(each.name, lambda: load.run(bench, each.server, few))
            if first:
                calls = bench.length(first[0], few)
                measures[f"{each.name}, {label}"] = (
                    lambda load=load, each=each, calls=calls: load.run(bench, each.server, calls)
                )
    figures = bench.interleaved(what, measures)
    return {
        label: {each.name: figures[key] for each in loads if (key := f"{each.name}, {label}") in figures}
        for label, loads in rows.items()
    }


def cpu_us(rows):
    """Of what `measured` returns."""
    return {
        label: {name: [cpu * 1e6 for _, cpu in rounds] for name, rounds in figures.items()}
        for label, figures in rows.items()
    }


def thousand_a_second(rows):
    return {
        label: {name: [rate / 1e3 for rate, _ in rounds] for name, rounds in figures.items()}
        for label, figures in rows.items()
    }


# Ended beside open streams, the program of grpc's async server fails an assertion of grpc's; while many calls
# are cancelled it fails others.
LEFT_OUT = ("grpc async",)


def compared(bench, without=()):
    """The servers; with --quick ours only."""
    return [
        each
        for each in bench.having("server")
        if each.name not in without and (each.name == "sluice" or not bench.quick)
    ]
