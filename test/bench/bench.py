#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures sluice, the floor, grpc C++, tonic and grpc-go side by side: one run, one machine.

The measured side runs on one core, its counterpart on another. Rounds are interleaved (A B B A), a figure is
the median of its rounds.

columns (an implementation that is not there is skipped, with its reason):
  sluice         ours
  floor          Asio, nghttp2 and protobuf with nothing between them: what the same libraries allow
  grpc callback, grpc async
                 grpc C++ by its two interfaces; ratios are to the better one
  tonic          Rust, one thread; built with cargo, the first time it downloads what its lock file pins
  grpc-go        GOMAXPROCS=1; built with go, the same
  raw TCP        of latency only: Asio and a socket, of as many bytes as a call

what is measured:
  server         CPU µs of the server a unary call, by connections × streams, under a generator of our own
  client         CPU µs of the client a unary call, against the floor server
  streams        messages a second on one stream, both ends the same implementation
  latency        p50 and p99 of unary calls one after the other, both ends the same implementation
  counts         allocations, instructions and system calls of a unary call (--counts)
  requirements   the figures P1 to P3 as ratios, each with its gate and its goal

Counts of instructions and allocations hardly depend on the machine, only on compiler and libraries: --compare
counts.json fails when one of ours has grown by more than 2 %, --save-counts counts.json accepts what is there
now.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import sys

import peers
import report
import requirements
from measures import COUNTERPART, MEASURED, Implementation, call_latency, counters, load_server, run_client
from processes import Children, Failed, cubic

SHAPES = [(4, 1), (4, 10), (4, 100), (10, 10), (10, 100)]  # connections, streams on each
QUICK_SHAPES = [(4, 1), (10, 10), (10, 100)]  # those of the requirements
QUICK_LIMIT = 40  # seconds, after which there is one round of what is left
COUNTED_SHAPE = (10, 100)
COMPARED = ("allocations", "instructions")  # system calls depend on how fast the counterpart is
GROWTH = 0.02
FAMILIES = {"grpc C++": ["grpc callback", "grpc async"], "tonic": ["tonic"], "grpc-go": ["grpc-go"]}


def built_by_meson(directory):
    versions = report.built_with(directory)
    ours = ", ".join(f"{name} {versions[name]}" for name in versions if name != "grpc++")
    grpc = versions.get("grpc++", "")
    threads = {"callback": "threads of its own, all on one core", "async": "one completion queue, one thread"}

    def pair(name, program, version, settings, *choice):
        sides = ([f"{program}_{side}", *choice] for side in ("server", "client"))
        return Implementation(name, directory, *sides, version, settings)

    fastest = "optimization target throughput, buffer hint in streams"
    return [
        pair("sluice", "sluice", ours, "defaults, one thread"),
        pair("floor", "floor", ours, "one thread, one write a turn"),
        *(
            pair(f"grpc {mode}", "grpc", grpc, f"{fastest}; {threads[mode]}", "--mode", mode)
            for mode in ("callback", "async")
        ),
    ]


def built_by_themselves(directory):
    """The peers, each as its name and a function that builds it."""

    def tonic():
        program = peers.build_tonic(os.path.join(directory, "tonic"))
        return Implementation(
            "tonic", directory, [program, "server"], [program, "client"],
            f"{peers.tonic_version()}, {peers.tool_version('rustc', '--version')}",
            "current_thread runtime, 16 MiB windows, TCP_NODELAY, Bytes, fat LTO",
        )

    def go():
        program = peers.build_go(os.path.join(directory, "go"))
        return Implementation(
            "grpc-go", directory, [program, "server"], [program, "client"],
            f"{peers.go_version()}, {peers.tool_version('go', 'version')}",
            "GOMAXPROCS=1, one stream worker, 16 MiB windows, buffers of 128 KiB",
            counted=False,
        )

    return {"tonic": tonic, "grpc-go": go}


def implementations(options, progress):
    """Those that are there, and for the others the reason."""
    found, skipped = [], {}
    for each in built_by_meson(options.directory):
        if each.name in options.without:
            skipped[each.name] = "--without"
        elif each.server or each.client:
            found.append(each)
        else:
            skipped[each.name] = f"no such program in the build directory"
    for name, build in built_by_themselves(options.directory).items():
        if options.counts_only or name in options.without:
            skipped[name] = "--counts-only" if options.counts_only else "--without"
            continue
        progress.say(f"building {name} (the first time takes minutes)")
        try:
            found.append(build())
        except peers.Skip as reason:
            skipped[name] = str(reason)
    progress.clear()
    return found, skipped


class Bench:
    def __init__(self, options, children, progress, found):
        self.progress = progress
        self.quick_until = progress.seconds() + QUICK_LIMIT if options.quick else None
        self.children = children
        self.directory = options.directory
        self.load = os.path.join(options.directory, "load")
        self.seconds = 0.12 if options.quick else 1.0
        self.rounds = 2 if options.quick else 4
        self.shapes = QUICK_SHAPES if options.quick else SHAPES
        self.all = found
        self.failures = []

    def having(self, *sides):
        """The implementations that have the programs for these sides."""
        return [each for each in self.all if all(getattr(each, side) for side in sides)]

    def interleaved(self, what, measures):
        """`measures`: name → function that returns one figure. Returns name → list of figures."""
        figures = {name: [] for name in measures}
        for turn in range(self.rounds):
            if turn > 0 and self.quick_until and self.progress.seconds() > self.quick_until:
                break
            for name in list(measures) if turn % 2 == 0 else list(reversed(measures)):
                self.progress.say(f"{what}: round {turn + 1} of {self.rounds}, {name}")
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
        for shape in self.shapes:
            few = 5 * shape[0] * shape[1]
            measures = {}
            for name, (server, port) in started.items():
                def once(calls, warmup, server=server, port=port):
                    return load_server(self.children, self.load, server, port, shape, calls, warmup)

                self.progress.say(f"server, {shape_name(shape)}: how fast is {name}?")
                first = self.attempt(name, lambda: once(max(few, 1000), few))
                if first:
                    calls = self.length(first[0], shape)
                    measures[name] = lambda once=once, calls=calls: once(calls, few)[1] * 1e6
            result[shape_name(shape)] = self.interleaved(f"server, {shape_name(shape)}", measures)
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
        for shape in self.shapes:
            few = 5 * shape[0] * shape[1]
            measures = {}
            for each in self.having("client"):
                def once(calls, command=each.client):
                    return run_client(self.children, command, port, "unary", shape, calls)

                self.progress.say(f"client, {shape_name(shape)}: how fast is {each.name}?")
                first = self.attempt(each.name, lambda: (once(few)[1], once(few + 1000)[0]))
                if first:
                    base, rate = first
                    calls = self.length(rate, shape)

                    def cost(once=once, calls=calls, base=base):
                        return (once(calls + few)[1] - base) / calls * 1e6

                    measures[each.name] = cost
            result[shape_name(shape)] = self.interleaved(f"client, {shape_name(shape)}", measures)
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

                self.progress.say(f"{kind}: how fast is {each.name}?")
                # The second try is long enough for the start of the stream not to count.
                rate = self.attempt(each.name, lambda: once(int(once(20000) * 0.1) + 20000))
                if rate:
                    messages = int(rate * self.seconds)
                    measures[each.name] = lambda once=once, messages=messages: once(messages) / 1e6
            result[kind] = self.interleaved(kind, measures)
        for server, _ in started.values():
            self.children.end(server)
        return result

    def latency(self):
        """µs of a unary call when there is one at a time, both ends the same implementation."""
        raw = Implementation("raw TCP", self.directory, ["tcp_echo", "server"], ["tcp_echo", "client"])
        started = {}
        for each in [*self.having("server", "client"), raw]:
            server = self.attempt(each.name, lambda: self.children.start_server(MEASURED, each.server))
            if server:
                started[each] = server
        measures = {}
        for each, (_, port) in started.items():
            def once(calls, command=each.client, port=port):
                return call_latency(self.children, command, port, calls)

            first = self.attempt(each.name, lambda: once(500))
            if first:
                calls = self.length(500 / first[0], (10, 10))
                measures[each.name] = lambda once=once, calls=calls: once(calls)[1:]
        rounds = self.interleaved("latency", measures)
        for server, _ in started.values():
            self.children.end(server)
        return {
            label: {name: [each[at] for each in figures] for name, figures in rounds.items()}
            for at, label in enumerate(("p50", "p99"))
        }

    def counts(self):
        """Instructions, allocations and system calls of a call, by side."""
        floor = next((each.server for each in self.all if each.name == "floor"), None)
        result = {}
        for counter in counters(self.directory, shutil.which):
            servers, clients = {}, {}
            for each in filter(lambda one: one.counted, self.having("server")):
                self.progress.say(f"{counter.name} of the server, {each.name}")
                servers[each.name] = self.attempt(
                    each.name, lambda: counter.of_server(self.children, self.load, each.server, COUNTED_SHAPE)
                )
            for each in filter(lambda one: one.counted and floor, self.having("client")):
                self.progress.say(f"{counter.name} of the client, {each.name}")
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


def run(options, children, congestion):
    progress = report.Progress()
    found, skipped = implementations(options, progress)
    bench = Bench(options, children, progress, found)
    for name, reason in skipped.items():
        print(f"skipped: {name}: {reason}")
    names = [each.name for each in found]
    rivals = {rival: family for rival, family in FAMILIES.items() if set(family) & set(names)}
    results = {"machine": report.machine(congestion), "quick": options.quick, "skipped": skipped}
    results["versions"] = {each.name: each.version for each in found}
    text = [results["machine"] + ("; quick: indicative only" if options.quick else "")]
    text.append(report.columns(found, skipped))
    print("\n\n".join(text), flush=True)
    medians = {}

    def show(lines):
        text.append(lines)
        progress.clear()
        print("\n" + lines, flush=True)

    def section(key, title, rows, more_is_better=False, more_columns=()):
        results[key] = {
            label: {
                name: {"median": statistics.median(values), "rounds": values}
                for name, values in figures.items()
            }
            for label, figures in rows.items()
        }
        medians[key] = {
            label: {name: each["median"] for name, each in figures.items()}
            for label, figures in results[key].items()
        }
        show(report.table(title, rows, [*names, *more_columns], rivals, more_is_better))

    if not options.counts_only:
        section(requirements.SERVER, "server, unary: CPU µs a call", bench.servers())
        section(requirements.CLIENT, "client, unary: CPU µs a call", bench.clients())
        section("stream_million_a_second", "one stream of 10 B: million messages/s", bench.streams(), True)
        section(requirements.LATENCY, "one outstanding call: µs", bench.latency(), more_columns=["raw TCP"])
        show(requirements.table(medians, FAMILIES))
    if options.counts:
        counts = bench.counts()
        section("counts_a_call", f"counts of a unary call at {shape_name(COUNTED_SHAPE)}", counts)
        if options.compare:
            bench.failures += growth(counts, options.compare)
        if options.save_counts:
            with open(options.save_counts, "w") as file:
                json.dump(our_counts(counts), file, indent=2)
                file.write("\n")
    progress.clear()
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
    parser = argparse.ArgumentParser(
        prog="./dev bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "directory", help="where the programs are: test/bench of the build directory (./dev bench gives it)"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="within a minute once all is built, fewer shapes, indicative only",
    )
    parser.add_argument(
        "--without", metavar="NAME", action="append", default=[], help="leave a column out (may be repeated)"
    )
    parser.add_argument(
        "--counts", action="store_true", help="also instructions, allocations and system calls of a call"
    )
    parser.add_argument(
        "--counts-only", action="store_true", help="those, no times, and neither tonic nor grpc-go"
    )
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
