# SPDX-License-Identifier: Apache-2.0
"""What the measured figures have to be: a gate that must hold, a goal that we aim for. All are ratios."""

from dataclasses import dataclass

SHAPES = ["10 × 100", "10 × 10", "4 × 1"]
SERVER, CLIENT, LATENCY = "server_unary_cpu_us", "client_unary_cpu_us", "latency_us"


@dataclass(frozen=True)
class Requirement:
    number: str
    what: str
    section: str
    row: str
    against: str  # an implementation, a family of rivals, or "p50" of our own
    gate: float
    goal: float = None

    @property
    def at_most(self):
        """Costs are compared with what they could be; rivals are to be multiples of ours."""
        return self.against in ("floor", "raw TCP", "p50")

    def measured(self, medians, families):
        """`medians`: section → row → implementation → figure; `families`: rival → implementations."""
        rows = medians.get(self.section, {})
        figures = rows.get(self.row, {})
        ours = figures.get("sluice")
        if self.against == "p50":
            other = rows.get("p50", {}).get("sluice")
        else:
            others = [figures[name] for name in families.get(self.against, [self.against]) if name in figures]
            other = min(others, default=None)
        if not ours or not other:
            return None
        return ours / other if self.at_most else other / ours

    def verdict(self, figure):
        if figure is None:
            return "not measured"
        meets = (lambda limit: figure <= limit) if self.at_most else (lambda limit: figure >= limit)
        if not meets(self.gate):
            return "**misses the gate**"
        return "goal" if self.goal is not None and meets(self.goal) else "gate"


def by_shape(number, side, section, limits):
    def what(rival):
        return "CPU against the floor" if rival == "floor" else f"times better than {rival}"

    return [
        Requirement(number, f"{side}, {shape}: {what(rival)}", section, shape, rival, *gate_and_goal)
        for shape in SHAPES
        for rival, gate_and_goal in limits.items()
    ]


SERVER_LIMITS = {"floor": (1.5, 1.1), "grpc C++": (6, 9), "grpc-go": (6, 9), "tonic": (2.5, 3.5)}
CLIENT_LIMITS = {"floor": (1.6, 1.2), "grpc C++": (12, 20), "tonic": (5, 7)}

ALL = [
    *by_shape("P1", "server", SERVER, SERVER_LIMITS),
    *by_shape("P2", "client", CLIENT, CLIENT_LIMITS),
    Requirement("P3", "one outstanding call: p50 against a TCP echo", LATENCY, "p50", "raw TCP", 1.6, 1.35),
    Requirement("P3", "one outstanding call: p99 against its p50", LATENCY, "p99", "p50", 2.5),
]


def table(medians, families):
    """Markdown: each requirement with what was measured."""
    lines = ["| # | what | measured | gate | goal | reached |", "|---|---|--:|--:|--:|---|"]
    for each in ALL:
        figure = each.measured(medians, families)
        sign = "≤" if each.at_most else "≥"
        goal = f"{sign} {each.goal:g}" if each.goal is not None else ""
        measured = "–" if figure is None else f"{figure:.2f}"
        cells = [each.number, each.what, measured, f"{sign} {each.gate:g}", goal, each.verdict(figure)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
