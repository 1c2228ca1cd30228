# SPDX-License-Identifier: Apache-2.0
"""What is measured, each as a function of one implementation and one shape that returns one number."""

import os
import subprocess

from processes import Failed, cpu_seconds

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


def load_server(children, load, server, port, shape, calls, warmup, options=()):
    """Calls a second, and CPU seconds of the server for each call."""
    command = [load, "--port", port, *shape_options(shape), "--calls", str(calls)]
    command += ["--warmup", str(warmup), "--pause", *options]
    child = children.start(COUNTERPART, command, stdin=subprocess.PIPE)
    if child.stdout.readline().strip() != "warm":
        raise Failed("the load did not get through its warm-up")
    before = cpu_seconds(server.pid)
    child.stdin.write("\n")
    child.stdin.flush()
    result, _ = children.finish(child, command)
    return calls / result["seconds"], (cpu_seconds(server.pid) - before) / calls


def client_command(command, port, kind, shape, calls):
    return [*command, "--port", port, "--kind", kind, *shape_options(shape), "--calls", str(calls)]


def run_client(children, command, port, kind, shape, calls, core=MEASURED, **how):
    """Calls or messages a second, and all CPU seconds of the client."""
    command = client_command(command, port, kind, shape, calls)
    result, cpu = children.finish(children.start(core, command, **how), command)
    return calls / result["seconds"], cpu


def call_latency(children, command, port, calls):
    """Seconds of a run with one call outstanding, then its p50 and p99 in µs."""
    command = [*command, "--port", port, "--kind", "latency", "--calls", str(calls)]
    result, _ = children.finish(children.start(COUNTERPART, command), command)
    return result["seconds"], result["p50_us"], result["p99_us"]
