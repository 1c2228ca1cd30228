# SPDX-License-Identifier: Apache-2.0
"""How many bytes a second one stream carries, by the size of its messages: of both directions."""

from measures import COUNTERPART, MEASURED, Implementation
from requirements import Requirement

SIZES = [0, 10, 100, 1 << 10, 16 << 10, 256 << 10, 1 << 20, 16 << 20]  # bytes of payload
QUICK_SIZES = [1 << 10, 1 << 20]
LARGE = 1 << 20  # what raw TCP is compared at
PREFIX = 5  # bytes of gRPC before each message: what is left of one without payload
FIRST_BYTES = 8 << 20  # of the run that says how fast an implementation is
MOST_MESSAGES = 20000  # of that run
RAW = "raw TCP"


def run(bench, command, port, kind, size, messages):
    """MB a second."""
    line = [*command, "--port", port, "--kind", kind, "--calls", str(messages), "--size", str(size)]
    result, _ = bench.children.finish(bench.children.start(COUNTERPART, line), line)
    return messages * (size + PREFIX) / result["seconds"] / 1e6


def lasting(rate, seconds, size):
    """How many messages."""
    return max(4, int(rate * 1e6 * seconds / (size + PREFIX)))


def one_size(bench, started, kind, size):
    first = max(4, min(MOST_MESSAGES, FIRST_BYTES // (size + PREFIX)))
    measures = {}
    for each, (_, port) in started.items():
        if each.name == RAW and size != LARGE:
            continue

        def once(messages, command=each.client, port=port):
            return run(bench, command, port, kind, size, messages)

        bench.progress.say(f"{kind} of {size} B: how fast is {each.name}?")
        # The second try is long enough for the start of the stream not to count.
        rate = bench.attempt(each.name, lambda: once(lasting(once(first), 0.1 * bench.seconds, size)))
        if rate:
            messages = lasting(rate, bench.seconds, size)
            measures[each.name] = lambda once=once, messages=messages: once(messages)
    return bench.interleaved(f"{kind} of {size} B", measures)


def measure(bench, kind):
    raw = Implementation(RAW, bench.directory, ["tcp_flow", "server"], ["tcp_flow", "client"])
    with bench.servers(MEASURED, [*bench.having("server", "client"), raw]) as started:
        sizes = QUICK_SIZES if bench.few_rows else SIZES
        return {str(size): one_size(bench, started, kind, size) for size in sizes}


IF_MISSED = (
    "The sender limits: protobuf's copy and the kernel's are all that it makes, and raw TCP sends the same bytes from "
    "the cache again and again. Next: serialize in parts that stay in the cache."
)
LIMITS = {  # gate, goal
    ("of raw TCP", RAW): (0.6, 0.85),
    ("times better than grpc C++", "grpc C++"): (1, 1.4),
    ("times better than grpc-go", "grpc-go"): (1, None),
    ("times better than tonic", "tonic"): (1, None),
}


def requirements(section, direction):
    return [
        Requirement(
            "P10", f"1 MiB messages, {direction}: {what}", section, str(LARGE), against, gate, goal,
            at_least=True, if_missed=IF_MISSED,
        )
        for (what, against), (gate, goal) in LIMITS.items()
    ]
