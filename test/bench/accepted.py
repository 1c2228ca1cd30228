# SPDX-License-Identifier: Apache-2.0
"""The counts that were accepted, in a file that CI compares with."""

import json

COMPARED = ("allocations", "instructions")  # system calls depend on how fast the counterpart is
GROWTH = 0.02


def ours(counts):
    """Of the medians of the scenario `counts`: row → figure."""
    return {
        label: round(figures["sluice"], 3)
        for label, figures in counts.items()
        if label.startswith(COMPARED) and "sluice" in figures
    }


def growth(counts, file):
    """What has grown beyond the accepted counts in `file`, as lines for people."""
    with open(file) as accepted:
        before = json.load(accepted)
    now = ours(counts)
    for label, limit in before.items():
        if label not in now:
            yield f"{label}: not counted, {file} says {limit}"
        elif now[label] > limit * (1 + GROWTH) + 0.01:
            yield f"{label}: {now[label]} a call, {file} says {limit}"


def save(counts, file):
    with open(file, "w") as into:
        json.dump(ours(counts), into, indent=2)
        into.write("\n")
