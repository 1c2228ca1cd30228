# SPDX-License-Identifier: Apache-2.0
"""What is measured, each as a function of one implementation and one shape that returns one number."""

import os
import re
import subprocess
import tempfile

from processes import Failed, cpu_seconds, traced_child

MEASURED, COUNTERPART = 0, min(1, (os.cpu_count() or 1) - 1)  # cores


class Implementation:
    """One column: the commands of its two sides, None where the program is not there."""

    def __init__(self, name, directory, server, client, version="", settings="", counted=True):
        self.name = name
        self.version = version
        self.settings = settings
        self.counted = counted  # whether its allocations and instructions can be counted
        self.server = self._command(directory, server)
        self.client = self._command(directory, client)

    @staticmethod
    def _command(directory, command):
        program = os.path.join(directory, command[0])
        return [program, *command[1:]] if os.access(program, os.X_OK) else None


def shape_options(shape):
    connections, streams = shape
    return ["--connections", str(connections), "--streams", str(streams)]


def load_server(children, load, server, port, shape, calls, warmup):
    """Calls a second, and CPU seconds of the server for each call."""
    command = [load, "--port", port, *shape_options(shape), "--calls", str(calls)]
    command += ["--warmup", str(warmup), "--pause"]
    child = children.start(COUNTERPART, command, stdin=subprocess.PIPE)
    if child.stdout.readline().strip() != "warm":
        raise Failed("the load did not get through its warm-up")
    before = cpu_seconds(server.pid)
    child.stdin.write("\n")
    child.stdin.flush()
    result, _ = children.finish(child, command)
    return calls / result["seconds"], (cpu_seconds(server.pid) - before) / calls


def run_client(children, command, port, kind, shape, calls, core=MEASURED, **how):
    """Calls or messages a second, and all CPU seconds of the client."""
    command = [*command, "--port", port, "--kind", kind, *shape_options(shape), "--calls", str(calls)]
    result, cpu = children.finish(children.start(core, command, **how), command)
    return calls / result["seconds"], cpu


def call_latency(children, command, port, calls):
    """Seconds of a run with one call outstanding, then its p50 and p99 in µs."""
    command = [*command, "--port", port, "--kind", "latency", "--calls", str(calls)]
    result, _ = children.finish(children.start(COUNTERPART, command), command)
    return result["seconds"], result["p50_us"], result["p99_us"]


class Counter:
    """Counts of a whole run; the slope between two lengths of a run is the count of a call."""

    def __init__(self, name, prefix, environment, pattern, lengths, traces=False):
        self.name = name
        self.prefix = prefix
        self.environment = environment
        self.pattern = pattern
        self.lengths = lengths
        self.traces = traces  # the prefix stays as a process of its own, the program is its child

    def _how(self, stderr, output):
        prefix = [part.replace("OUTPUT", output.name) for part in self.prefix]
        return {"prefix": prefix, "environment": self.environment, "stderr": stderr}

    def _found(self, *files):
        for file in files:
            file.seek(0)
            found = re.findall(self.pattern, file.read(), re.MULTILINE)
            if found:
                return int(found[-1].replace(",", ""))
        raise Failed(f"no count of {self.name}")

    def of_server(self, children, load, command, shape):
        def count(calls):
            with tempfile.TemporaryFile("w+") as stderr, tempfile.NamedTemporaryFile("r") as output:
                server, port = children.start_server(MEASURED, command, **self._how(stderr, output))
                arguments = [load, "--port", port, *shape_options(shape), "--calls", str(calls)]
                children.finish(children.start(COUNTERPART, arguments), arguments)
                children.end(server, traced_child(server) if self.traces else server.pid)
                return self._found(stderr, output)

        return self._slope(count)

    def of_client(self, children, counterpart, command, shape):
        server, port = children.start_server(COUNTERPART, counterpart)

        def count(calls):
            with tempfile.TemporaryFile("w+") as stderr, tempfile.NamedTemporaryFile("r") as output:
                run_client(children, command, port, "unary", shape, calls, **self._how(stderr, output))
                return self._found(stderr, output)

        try:
            return self._slope(count)
        finally:
            children.end(server)

    def _slope(self, count):
        short, long = self.lengths
        return (count(long) - count(short)) / (long - short)


def counters(directory, found):
    """Those whose tools are there; `found(tool)` says so."""
    preload = os.path.join(directory, "count_malloc.so")
    if os.path.exists(preload):
        yield Counter("allocations", [], {"LD_PRELOAD": preload}, r"^allocations (\d+)", (20000, 60000))
    if found("valgrind"):
        prefix = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
        yield Counter("instructions", prefix, {}, r"Collected : (\d+)", (4000, 10000))
    if found("strace"):
        prefix = ["strace", "-f", "-c", "-o", "OUTPUT"]
        total = r"^100\.00 +[\d.]+ +\d+ +(\d+) .*total$"
        yield Counter("system calls", prefix, {}, total, (20000, 60000), traces=True)
