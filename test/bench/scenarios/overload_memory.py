# SPDX-License-Identifier: Apache-2.0
"""P14: the memory of a server while half as many calls again come as it can answer. Bounded: it does not grow
in the second half of the run."""

import select

import overloads
from measures import COUNTERPART, MEASURED
from memory import resident_kib
from processes import Failed
from requirements import Requirement

KEY = "overload_memory"
TITLE = "server, overload: resident memory, MiB"
MORE_IS_BETTER = False
SECONDS = (10, 30)
QUICK = False
PLOT = {"bars": True}
IDLE, PEAK, HALF, END = "before", "after the peak", "half way at 150 %", "after it"
REQUIREMENTS = [
    Requirement("P14", "memory at the end of the overload against half way", KEY, END, f"row:{HALF}", 1.1),
]


def measure(bench):
    seconds = 0.8 if bench.quick else 4
    rows = {label: {} for label in (IDLE, PEAK, HALF, END)}
    for each in bench.having("server"):
        bench.progress.say(f"memory under overload, {each.name}")
        with bench.servers(MEASURED, [each]) as started:
            for server, port in started.values():
                figures = bench.attempt(each.name, lambda: of_server(bench, server, port, seconds)) or ()
                for label, kib in zip(rows, figures):
                    rows[label][each.name] = [kib / 1024]
    return rows


def of_server(bench, server, port, seconds):
    idle = resident_kib(server.pid)
    peak = overloads.peak(bench, port)
    after_peak = resident_kib(server.pid)
    rate = peak * 1.5
    command = [bench.load, "--port", port, *map(str, overloads.arguments(rate, seconds))]
    load = bench.children.start(COUNTERPART, command)
    if select.select([load.stdout], [], [], seconds / 2)[0]:
        raise Failed("the overload was over early")
    half = resident_kib(server.pid)
    overloads.checked(bench.children.finish(load, command)[0], rate)
    return idle, after_peak, half, resident_kib(server.pid)
