# SPDX-License-Identifier: Apache-2.0
"""How many connections, and how many streams on each."""

ALL = [(4, 1), (4, 10), (4, 100), (10, 10), (10, 100)]
REQUIRED = [(10, 100), (10, 10), (4, 1)]  # those that have a gate
COUNTED = (10, 100)
IF_MISSED = {
    "4 × 1": "A turn has one call, and four system calls are most of what it costs, the floor's too. Next: another "
    "interface to the kernel than Asio's reactor has, such as io_uring.",
    "10 × 10": "The kernel's part of a turn, shared by ten calls, is half of the figure, the floor's too. Next: "
    "HTTP/2 of our own instead of nghttp2, which is half of the other half.",
}


def of(bench):
    return sorted(REQUIRED) if bench.few_rows else ALL


def name(shape):
    return f"{shape[0]} × {shape[1]}"
