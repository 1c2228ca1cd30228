#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures sluice against the floor and against grpc C++, in one run, on one machine.

The measured side runs on one core, its counterpart on another. Rounds are interleaved (A B B A), a
figure is the median of its rounds. DIRECTORY holds the programs; an implementation whose program is
missing is skipped.

Counts of instructions and allocations hardly depend on the machine, only on compiler and libraries:
--compare counts.json fails when one of ours has grown by more than 2 %, --save-counts counts.json accepts
what is there now.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import statistics
import sys

from measures import COUNTERPART, MEASURED, Implementation, counters, load_server, run_client
from processes import Children, Failed, cubic

SHAPES = [(4, 1), (4, 10), (4, 100), (10, 10), (10, 100)]  # connections, streams on each
COUNTED_SHAPE = (10, 100)
COMPARED = ("allocations", "instructions")  # system calls depend on how fast the counterpart is
GROWTH = 0.02


def implementations(directory):
    return [
        Implementation("sluice", directory, ["sluice_server"], ["sluice_client"]),
        Implementation("floor", directory, ["floor_server"], ["floor_client"]),
        *(
            Implementation(f"grpc {mode}", directory, ["grpc_server", *choice], ["grpc_client", *choice])
            for mode in ("callback", "async")
            for choice in [("--mode", mode)]
        ),
    ]


class Bench:
    def __init__(self, options, children):
        self.children = children
        self.directory = options.directory
        self.load = os.path.join(options.directory, "load")
        self.seconds = 0.12 if options.quick else 1.0
        self.rounds = 2 if options.quick else 4
        self.all = implementations(options.directory)
        self.failures = []

    def having(self, *sides):
        """The implementations that have the programs for these sides."""
        return [each for each in self.all if all(getattr(each, side) for side in sides)]

    def interleaved(self, measures):
        """`measures`: name → function that returns one figure. Returns name → list of figures."""
        figures = {name: [] for name in measures}
        for turn in range(self.rounds):
            for name in list(measures) if turn % 2 == 0 else list(reversed(measures)):
                self.attempt(name, lambda: figures[name].append(measures[name]()))
        return {name: each for name, each in figures.items() if each}

    def attempt(self, name, what):
        try:
            return what()
        except Failed as failure:
            self.failures.append(f"{name}: {failure}")
            return None

    def length(self, rate, shape):
        """How many calls last as long as a round should."""
        return max(int(rate * self.seconds), 10 * shape[0] * shape[1])

    def servers(self):
        """CPU µs of the server for each unary call, by shape."""
        started = {}
        for each in self.having("server"):
            server = self.attempt(each.name, lambda: self.children.start_server(MEASURED, each.server))
            if server:
                started[each.name] = server
        result = {}
        for shape in SHAPES:
            few = 5 * shape[0] * shape[1]
            measures = {}
            for name, (server, port) in started.items():
                def once(calls, warmup, server=server, port=port):
                    return load_server(self.children, self.load, server, port, shape, calls, warmup)

                first = self.attempt(name, lambda: once(max(few, 1000), few))
                if first:
                    calls = self.length(first[0], shape)
                    measures[name] = lambda once=once, calls=calls: once(calls, few)[1] * 1e6
            result[shape_name(shape)] = self.interleaved(measures)
        for server, _ in started.values():
            self.children.end(server)
        return result

    def clients(self):
        """CPU µs of the client for each unary call, by shape, against the floor server.

        A short run is subtracted: it holds the start of the program, its connections and first calls.
        """
        counterpart = next((each.server for each in self.all if each.name == "floor"), None)
        if not counterpart:
            self.failures.append("clients need the floor server as counterpart")
            return {}
        server, port = self.children.start_server(COUNTERPART, counterpart)
        result = {}
        for shape in SHAPES:
            few = 5 * shape[0] * shape[1]
            measures = {}
            for each in self.having("client"):
                def once(calls, command=each.client):
                    return run_client(self.children, command, port, "unary", shape, calls)

                first = self.attempt(each.name, lambda: (once(few)[1], once(few + 1000)[0]))
                if first:
                    base, rate = first
                    calls = self.length(rate, shape)

                    def cost(once=once, calls=calls, base=base):
                        return (once(calls + few)[1] - base) / calls * 1e6

                    measures[each.name] = cost
            result[shape_name(shape)] = self.interleaved(measures)
        self.children.end(server)
        return result

    def streams(self):
        """Million messages of 10 bytes a second on one stream, both ends the same implementation."""
        started = {}
        for each in self.having("server", "client"):
            server = self.attempt(each.name, lambda: self.children.start_server(MEASURED, each.server))
            if server:
                started[each] = server
        result = {}
        for kind in ("download", "upload"):
            measures = {}
            for each, (_, port) in started.items():
                def once(messages, command=each.client, port=port):
                    how = {"core": COUNTERPART}
                    return run_client(self.children, command, port, kind, (1, 1), messages, **how)[0]

                # The second try is long enough for the start of the stream not to count.
                rate = self.attempt(each.name, lambda: once(int(once(20000) * 0.1) + 20000))
                if rate:
                    messages = int(rate * self.seconds)
                    measures[each.name] = lambda once=once, messages=messages: once(messages) / 1e6
            result[kind] = self.interleaved(measures)
        for server, _ in started.values():
            self.children.end(server)
        return result

    def counts(self):
        """Instructions, allocations and system calls of a call, by side."""
        floor = next(each for each in self.all if each.name == "floor").server
        result = {}
        for counter in counters(self.directory, shutil.which):
            servers, clients = {}, {}
            for each in self.having("server"):
                servers[each.name] = self.attempt(
                    each.name, lambda: counter.of_server(self.children, self.load, each.server, COUNTED_SHAPE)
                )
            for each in self.having("client") if floor else []:
                clients[each.name] = self.attempt(
                    each.name, lambda: counter.of_client(self.children, floor, each.client, COUNTED_SHAPE)
                )
            for side, values in (("server", servers), ("client", clients)):
                counted = {name: [value] for name, value in values.items() if value is not None}
                result[f"{counter.name}, {side}"] = counted
        return result


def our_counts(counts):
    """Of the rows that Bench.counts gives: count → figure of a call."""
    return {
        label: round(figures["sluice"][0], 3)
        for label, figures in counts.items()
        if label.startswith(COMPARED) and "sluice" in figures
    }


def growth(counts, file):
    """What has grown beyond the accepted counts in `file`, as lines for people."""
    with open(file) as accepted:
        before = json.load(accepted)
    now = our_counts(counts)
    for label, limit in before.items():
        if label not in now:
            yield f"{label}: not counted, {file} says {limit}"
        elif now[label] > limit * (1 + GROWTH) + 0.01:
            yield f"{label}: {now[label]} a call, {file} says {limit}"


def shape_name(shape):
    return f"{shape[0]} × {shape[1]}"


def table(title, rows, names, more_is_better):
    """Markdown: a column for each implementation, then ours as a multiple of the floor, then how many
    times better than the best mode of grpc C++ ours is; without our programs, the floor is."""

    def number(value, unit=""):
        if value is None:
            return "–"
        return (f"{value:.0f}" if value >= 1000 else f"{value:.3g}") + unit

    lines = [f"| {title} | {' | '.join(names)} | ours / floor | against best grpc |",
             f"|---|{'--:|' * (len(names) + 2)}"]
    for label, figures in rows.items():
        medians = {name: statistics.median(values) for name, values in figures.items()}
        rivals = [value for name, value in medians.items() if name.startswith("grpc")]
        ours, floor = medians.get("sluice"), medians.get("floor")
        to_floor = ours / floor if ours is not None and floor else None
        subject = ours if ours is not None else floor  # without our programs: how far the floor is
        ahead = None
        if rivals and subject:
            ahead = subject / max(rivals) if more_is_better else min(rivals) / subject
        mark = " ×" if ours is not None else " × (floor)"
        cells = [*(number(medians.get(name)) for name in names), number(to_floor), number(ahead, mark)]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def machine(congestion):
    model = "unknown processor"
    with open("/proc/cpuinfo") as cpuinfo:
        for line in cpuinfo:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, TCP {congestion}"


def run(options, children, congestion):
    bench = Bench(options, children)
    for each in bench.all:
        for side in ("server", "client"):
            if not getattr(each, side):
                print(f"skipped: the {side} of {each.name}, no such program in {options.directory}")
    names = [each.name for each in bench.all if each.server or each.client]
    results = {"machine": machine(congestion), "quick": options.quick}
    text = [results["machine"] + ("; quick: indicative only" if options.quick else "")]
    print(text[0], flush=True)

    def section(key, title, rows, more_is_better=False):
        results[key] = {
            label: {
                name: {"median": statistics.median(values), "rounds": values}
                for name, values in figures.items()
            }
            for label, figures in rows.items()
        }
        text.append(table(title, rows, names, more_is_better))
        print("\n" + text[-1], flush=True)

    if not options.counts_only:
        section("server_unary_cpu_us", "server, unary: CPU µs a call", bench.servers())
        section("client_unary_cpu_us", "client, unary: CPU µs a call", bench.clients())
        section("stream_million_a_second", "one stream of 10 B: million messages/s", bench.streams(), True)
    if options.counts:
        counts = bench.counts()
        section("counts_a_call", f"counts of a unary call at {shape_name(COUNTED_SHAPE)}", counts)
        if options.compare:
            bench.failures += growth(counts, options.compare)
        if options.save_counts:
            with open(options.save_counts, "w") as file:
                json.dump(our_counts(counts), file, indent=2)
                file.write("\n")
    for failure in bench.failures:
        print(f"failed: {failure}", file=sys.stderr)
    results["failures"] = bench.failures
    if options.json:
        with open(options.json, "w") as file:
            json.dump(results, file, indent=2, ensure_ascii=False)
    if options.markdown:
        with open(options.markdown, "w") as file:
            how = "Written by `./dev bench --counts --markdown docs/benchmarks.md`; see test/bench/bench.py."
            file.write("\n\n".join(["# Benchmarks", how, *text]) + "\n")
    return 1 if bench.failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", help="where the programs are: test/bench of the build directory")
    parser.add_argument("--quick", action="store_true", help="under a minute, indicative only")
    parser.add_argument(
        "--counts", action="store_true", help="also instructions, allocations and system calls of a call"
    )
    parser.add_argument("--counts-only", action="store_true", help="those, and no times")
    parser.add_argument("--compare", metavar="FILE", help="fail when a count is 2 %% above that in FILE")
    parser.add_argument("--save-counts", metavar="FILE", help="write our counts, to compare with later")
    parser.add_argument("--json", metavar="FILE", help="write every round of every figure")
    parser.add_argument("--markdown", metavar="FILE", help="write the tables")
    options = parser.parse_args()
    options.directory = os.path.abspath(options.directory)
    options.counts |= bool(options.counts_only or options.compare or options.save_counts)
    if not os.access(os.path.join(options.directory, "load"), os.X_OK):
        parser.error(f"{options.directory} holds no program `load`; build with -Dbench=true")
    if not shutil.which("taskset"):
        parser.error("taskset is needed (Debian: util-linux)")
    if MEASURED == COUNTERPART:
        print("one core only: the counterpart disturbs what is measured")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # end like Ctrl-C, with nothing left
    try:
        with cubic() as congestion, Children() as children:
            return run(options, children, congestion)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
