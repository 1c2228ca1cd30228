# SPDX-License-Identifier: Apache-2.0
"""Calls a second of one side's CPU when half of all calls are cancelled.

Every second call is a stream: one message each way, while its handler waits for the next one. It ends by
itself, or is cancelled there by RST_STREAM. A GOAWAY, or a call that fails, ends the client and with it the measure.
Servers are under the load generator; the floor is not among them, for nghttp2 answers so many resets with
GOAWAY. Our client calls our server.
"""

import scaling
from measures import COUNTERPART, run_client
from requirements import Requirement

KEY = "cancels"
TITLE = "every second call a stream: thousand calls/s of the CPU"
MORE_IS_BETTER = True
SECONDS = (5, 45)
PLOT = {"bars": True}

SHAPE = (10, 100)
NONE, HALF = "none cancelled", "half of all cancelled"
HOW = {NONE: (), HALF: ("--cancel",)}


IF_MISSED = (
    "A cancelled handler is unwound by an exception, once: 7,800 of the 9,400 instructions that it costs more are "
    "libgcc's. Next: a way to await that ends without a throw, as as_result does."
)


def requirement(side):
    what = f"half of all calls cancelled: calls/s against none, {side}"
    return Requirement(
        "P13", what, KEY, f"{side}, {HALF}", f"row:{side}, {NONE}", 0.7, 0.85, at_least=True, if_missed=IF_MISSED
    )


REQUIREMENTS = [requirement("server"), requirement("client")]


def measure(bench):
    rows = {f"server, {label}": figures for label, figures in servers(bench).items()}
    return rows | {f"client, {label}": figures for label, figures in client(bench).items()}


def thousand_a_second(cpu_seconds):
    return 1e-3 / cpu_seconds


def servers(bench):
    those = scaling.compared(bench, (*scaling.LEFT_OUT, "floor"))
    loads = {
        label: dict.fromkeys(those, scaling.Load(*SHAPE, options=("--kind", "mixed", *how)))
        for label, how in HOW.items()
    }
    return {
        label: {name: [thousand_a_second(cpu) for _, cpu in rounds] for name, rounds in figures.items()}
        for label, figures in scaling.measured(bench, "cancels", loads).items()
    }


def client(bench):
    """A short run is subtracted, as in the scenario `client`."""
    ours = bench.named("sluice")
    if not (ours and ours.server and ours.client):
        return {}
    few = 5 * SHAPE[0] * SHAPE[1]
    with bench.servers(COUNTERPART, [ours]) as started:
        measures = {}
        for label, how in HOW.items():
            def once(calls, command=(*ours.client, *how)):
                return run_client(bench.children, command, started[ours][1], "mixed", SHAPE, calls)

            first = bench.attempt(ours.name, lambda: (once(few)[1], once(few + 1000)[0]))
            if first:
                base, rate = first
                calls = bench.length(rate, 2 * few)
                measures[label] = lambda once=once, calls=calls, base=base: thousand_a_second(
                    (once(calls + few)[1] - base) / calls
                )
        figures = bench.interleaved("cancels of the client", measures)
    return {label: {ours.name: each} for label, each in figures.items()}
