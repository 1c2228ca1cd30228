# SPDX-License-Identifier: Apache-2.0
"""Messages of 10 bytes on one stream, both ends the same implementation.

Both: the client writes, the server sends each back, and the client reads at the same time; counted once.
"""

from measures import COUNTERPART, MEASURED, run_client
from requirements import Requirement

KEY = "streams"
TITLE = "one stream of 10 B: million messages/s"
MORE_IS_BETTER = True
SECONDS = (10, 60)
PLOT = {"bars": True}
KINDS = {"download": "server to client", "upload": "client to server", "both": "both directions"}
GO_BOTH_WAYS = ("sluice", "floor", "grpc callback", "tonic", "grpc-go")
IF_MISSED = (
    "Of 520 instructions for a message that is received protobuf takes 290, and the floor has no coroutine. Next: "
    "fewer layers between the frame and the message."
)
REQUIREMENTS = [
    Requirement(
        "P9", f"10 B messages, {KINDS[kind]}: {what}", KEY, kind, against, gate, goal,
        at_least=True, if_missed=IF_MISSED,
    )
    for kind in KINDS
    for what, against, gate, goal in (
        ("million/s", "limit", 5, 17),
        ("times better than grpc C++", "grpc C++", 30, None),
        ("times better than grpc-go", "grpc-go", 3, None),
    )
]


def measure(bench):
    with bench.servers(MEASURED, bench.having("server", "client")) as started:
        able = {each: server for each, server in started.items() if each.name in GO_BOTH_WAYS}
        return {kind: of_kind(bench, kind, able if kind == "both" else started) for kind in KINDS}


def of_kind(bench, kind, started):
    measures = {}
    for each, (_, port) in started.items():
        def once(messages, command=each.client, port=port):
            how = {"core": COUNTERPART}
            return run_client(bench.children, command, port, kind, (1, 1), messages, **how)[0]

        bench.progress.say(f"{kind}: how fast is {each.name}?")
        # The second try is long enough for the start of the stream not to count.
        rate = bench.attempt(each.name, lambda: once(int(once(20000) * 0.1) + 20000))
        if rate:
            messages = bench.length(rate)
            measures[each.name] = lambda once=once, messages=messages: once(messages) / 1e6
    return bench.interleaved(kind, measures)
