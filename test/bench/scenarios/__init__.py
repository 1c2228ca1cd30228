# SPDX-License-Identifier: Apache-2.0
"""What is measured, one module each. A module has:

KEY             its name for --only, and its key in the JSON
TITLE           head of its table: what was done, and the unit
MORE_IS_BETTER  False for costs
SECONDS         about how long it takes: with --quick, without
measure(bench)  measures; returns row label → {implementation: [figures, one a round]}; raises
                processes.Skip with the reason when this machine cannot run it
QUICK           False when --quick leaves it out, because its figure takes time: it may be named with --only
REQUIREMENTS    gates and goals for its rows, see requirements.py
PLOT            None, or {"x": what the row labels count, "log": bool}: rows whose labels are numbers become a
                line for each implementation; {"bars": True}: a group of bars for each row
"""

from . import (
    armed_timers, beside_streams, cancel_memory, cancels, client, connections, connections_rate, connects,
    counts, deadlines, download_sizes, hello, idle_memory, latency, open_streams, open_streams_rate,
    overload, overload_memory, server, start, streams, tail, threads, threads_rate, tls, upload_sizes, wire,
)

ALL = [
    server, client, streams, download_sizes, upload_sizes, latency, tail, overload, overload_memory, tls,
    connects, start, hello, counts, wire, idle_memory, open_streams, open_streams_rate, beside_streams,
    connections, connections_rate, threads, threads_rate, deadlines, cancels, cancel_memory, armed_timers,
]


def selected(names):
    """Those of the given keys, without names all, in the order of the registry; LookupError if one is wrong."""
    known = {each.KEY for each in ALL}
    for name in names or ():
        if name not in known:
            raise LookupError(f"there is no scenario '{name}'; --list names them")
    return [each for each in ALL if not names or each.KEY in names]


def in_quick(module):
    return getattr(module, "QUICK", True)


def requirements(modules):
    """Their requirements in the order of the numbers."""
    return sorted((one for each in modules for one in each.REQUIREMENTS), key=lambda one: int(one.number[1:]))
