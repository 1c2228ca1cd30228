# SPDX-License-Identifier: Apache-2.0
"""What the scenarios of connections, TLS and overload share: the generator, run over a server's clock."""

import contextlib
import os
import subprocess
import sys
import tempfile

from measures import COUNTERPART, MEASURED
from processes import Failed, Skip, cpu_seconds, read_line

SPEAK_TLS = ("sluice", "grpc callback", "grpc async", "grpc-go")
HERE = os.path.dirname(os.path.abspath(__file__))
CERTIFICATES = os.path.join(HERE, os.pardir, "support", "certificates.py")


def run_load(bench, port, *arguments):
    """The generator's result."""
    command = [bench.load, "--port", port, *map(str, arguments)]
    return bench.children.finish(bench.children.start(COUNTERPART, command), command)[0]


def cost(bench, server, port, calls, warmup, *arguments):
    """The generator's result, and CPU seconds of the server for each call."""
    command = [bench.load, "--port", port, *map(str, arguments), "--calls", str(calls)]
    command += ["--warmup", str(warmup), "--pause"]
    child = bench.children.start(COUNTERPART, command, stdin=subprocess.PIPE)
    if read_line(child, command) != "warm":
        raise Failed("the load did not get through its warm-up")
    before = cpu_seconds(server.pid)
    child.stdin.write("\n")
    child.stdin.flush()
    result, _ = bench.children.finish(child, command)
    return result, (cpu_seconds(server.pid) - before) / calls


@contextlib.contextmanager
def certificates():
    """A directory of certificates for this run."""
    with tempfile.TemporaryDirectory() as directory:
        made = subprocess.run(
            [sys.executable, CERTIFICATES, directory], capture_output=True, text=True, timeout=60
        )
        if made.returncode != 0:
            raise Skip(f"no certificates: {made.stderr.strip().splitlines()[-1]}")
        yield directory


class Secured:
    """An implementation whose server has TLS: what Bench.servers starts."""

    def __init__(self, of, directory):
        self.name = of.name
        self.server = [*of.server, "--tls", directory]


def thousands_a_core(bench, what, first, *arguments, secured=None):
    """Row → implementation → how many thousand calls one second of the server's CPU serves."""
    servers = bench.having("server")
    rows = {"plaintext": (servers, [])}
    if secured:
        able = [Secured(each, secured) for each in servers if each.name in SPEAK_TLS]
        rows["TLS 1.3"] = (able, ["--tls", secured])
    return {
        label: _row(bench, f"{what}, {label}", first, able, [*arguments, *more])
        for label, (able, more) in rows.items()
    }


def _row(bench, what, first, able, arguments):
    measures = {}
    with bench.servers(MEASURED, able) as started:
        for each, (server, port) in started.items():
            def once(calls, server=server, port=port):
                return cost(bench, server, port, calls, first, *arguments)

            bench.progress.say(f"{what}: how fast is {each.name}?")
            tried = bench.attempt(each.name, lambda: once(first))
            if tried:
                calls = bench.length(first / tried[0]["seconds"], first)
                measures[each.name] = lambda once=once, calls=calls: 1e-3 / once(calls)[1]
        return bench.interleaved(what, measures)
