# SPDX-License-Identifier: Apache-2.0
"""Open loop: calls that come by a schedule, in parts of what a server can do (its peak in closed loop)."""

from loads import run_load
from processes import Failed

KEEPING_UP = 1000  # µs that half of all calls take at most
TRIED = 0.15  # seconds for each rate that is tried
ATTEMPTS = 2  # through all rates: the machine may have stood still
CLOSED = ["--connections", 10, "--streams", 100]
OPEN = ["--connections", 10, "--streams", 1000]  # ours takes no more at a time; what is beyond is shed
WARMUP = 5000
KEPT = 0.9  # of the schedule, at least, by a generator that is fast enough


def peak(bench, port):
    """Calls a second when each waits for the one before."""
    first = run_load(bench, port, *CLOSED, "--calls", WARMUP, "--warmup", WARMUP)
    calls = bench.length(WARMUP / first["seconds"], WARMUP)
    return calls / run_load(bench, port, *CLOSED, "--calls", calls)["seconds"]


def capacity(bench, port):
    """Calls a second that come one by one and do not pile up: from the peak of the closed loop, whose calls come
    together and cost less, down by tenths."""
    highest = peak(bench, port)
    for _ in range(ATTEMPTS):
        for tenths in range(7 if bench.quick else 10, 1, -1):
            rate = highest * tenths / 10
            result = on_schedule(bench, port, rate, TRIED)
            if not result["shed"] and result["p50_us"] < KEEPING_UP:
                return rate
    raise Failed(f"calls pile up at a fifth of {highest:.0f} a second")


def arguments(rate, seconds, *more):
    """The generator's, for calls of this rate for so long."""
    calls = max(int(rate * seconds), 1000)
    return [*OPEN, "--rate", int(rate), "--calls", calls, "--warmup", WARMUP, *more]


def on_schedule(bench, port, rate, seconds, *more):
    """What became of them: the generator's result."""
    result = run_load(bench, port, *arguments(rate, seconds, *more))
    return checked(result, rate)


def checked(result, rate):
    offered = (result["calls"] + result["shed"]) / result["scheduled"]
    if offered < KEPT * rate:
        raise Failed(f"the generator offered {offered:.0f} calls a second instead of {rate:.0f}")
    return result
