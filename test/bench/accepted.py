# SPDX-License-Identifier: Apache-2.0
"""The counts that were accepted, in a file that CI compares with."""

import json

# Not the system calls at 10 × 100: they depend on how fast the counterpart is.
COMPARED = {
    "counts": ("allocations", "instructions", "system calls, one outstanding", "system calls a second, idle"),
    "wire": ("response", "request"),
}
SCENARIOS = list(COMPARED)
GROWTH = 0.02


def ours(medians):
    """`medians`: scenario → row → implementation → figure. Returns name → figure."""
    return {
        label if scenario == "counts" else f"{scenario}, {label}": round(figures["sluice"], 3)
        for scenario, beginnings in COMPARED.items()
        for label, figures in medians.get(scenario, {}).items()
        if label.startswith(beginnings) and "sluice" in figures
    }


def growth(medians, file):
    """What has grown beyond the accepted counts in `file`, as lines for people."""
    with open(file) as accepted:
        before = json.load(accepted)
    now = ours(medians)
    for label, limit in before.items():
        if label not in now:
            yield f"{label}: not counted, {file} says {limit}"
        elif now[label] > limit * (1 + GROWTH) + 0.01:
            yield f"{label}: {now[label]}, {file} says {limit}"


def save(medians, file):
    with open(file, "w") as into:
        json.dump(ours(medians), into, indent=2)
        into.write("\n")
