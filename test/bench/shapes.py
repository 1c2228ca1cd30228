# SPDX-License-Identifier: Apache-2.0
"""How many connections, and how many streams on each."""

ALL = [(4, 1), (4, 10), (4, 100), (10, 10), (10, 100)]
REQUIRED = [(10, 100), (10, 10), (4, 1)]  # those that have a gate
COUNTED = (10, 100)


def of(bench):
    return sorted(REQUIRED) if bench.quick else ALL


def name(shape):
    return f"{shape[0]} × {shape[1]}"
