# SPDX-License-Identifier: Apache-2.0
"""What the measured figures have to be: a gate that must hold, a goal that we aim for."""

from dataclasses import dataclass

FAMILIES = {"grpc C++": ["grpc callback", "grpc async"], "tonic": ["tonic"], "grpc-go": ["grpc-go"]}


@dataclass(frozen=True)
class Requirement:
    """`against` says what our figure in `row` of `section` is set against:

    a rival of FAMILIES  how many times better ours is than the best of its implementations, at least `gate`;
                         with at_least=False: ours as a part of theirs, at most `gate`
    "floor", "raw TCP"   ours as a multiple of that implementation's
    "row:LABEL"          ours as a multiple of our figure in another row of the section
    "limit"              the figure itself

    `at_least` turns the comparison round where it is not the one that costs have. `if_missed`: the known reason, and
    what would be next.
    """

    number: str
    what: str
    section: str
    row: str
    against: str
    gate: float
    goal: float = None
    at_least: bool = None
    if_missed: str = ""

    @property
    def lower_bound(self):
        return self.at_least if self.at_least is not None else self.against in FAMILIES

    def measured(self, medians, more_is_better, ours="sluice"):
        """`medians`: section → row → implementation → figure; `more_is_better`: the sections that are so."""
        rows = medians.get(self.section, {})
        figures = rows.get(self.row, {})
        figure = figures.get(ours)
        if self.against == "limit":
            return figure
        more = self.section in more_is_better
        if self.against.startswith("row:"):
            other = rows.get(self.against.removeprefix("row:"), {}).get(ours)
        else:
            other = self._best_of(figures, max if more else min)
        if not figure or not other:
            return None
        times_better = self.against in FAMILIES and self.lower_bound
        return other / figure if times_better and not more else figure / other

    def _best_of(self, figures, best):
        names = FAMILIES.get(self.against, [self.against])
        return best((figures[name] for name in names if name in figures), default=None)

    def verdict(self, figure):
        if figure is None:
            return "not measured"
        figure = round(figure, 2)  # as it is shown: a slope between two runs is not exact
        meets = (lambda limit: figure >= limit) if self.lower_bound else (lambda limit: figure <= limit)
        if not meets(self.gate):
            return MISSED
        return "goal" if self.goal is not None and meets(self.goal) else "gate"


def against_rivals(number, section, rows, limits, if_missed):
    """A requirement for each row and each of `limits`: floor or rival → (gate, goal). Costs only. `if_missed`: row →
    reason."""

    def what(rival):
        return "CPU against the floor" if rival == "floor" else f"times better than {rival}"

    return [
        Requirement(
            number, f"{section}, {row}: {what(rival)}", section, row, rival, *gate_and_goal,
            if_missed=if_missed.get(row, ""),
        )
        for row in rows
        for rival, gate_and_goal in limits.items()
    ]


HEADS = ["#", "what", "measured", "gate", "goal", "reached"]
MISSED = "misses the gate"
UNIT_TESTED = [
    ["P7", "a response is one send, those ready in one turn share it", "server_unary_test"],
    ["P7", "a backlog of 512 KiB stops reading", "server_connection_test"],
]


def lines(requirements, medians, more_is_better, unit_tested=()):
    """The table, each line as the words of its cells; the last one is the verdict."""
    result = []
    for each in requirements:
        figure = each.measured(medians, more_is_better)
        sign = "≥" if each.lower_bound else "≤"
        goal = f"{sign} {each.goal:g}" if each.goal is not None else ""
        verdict = each.verdict(figure)
        strong = f"**{verdict}**" if verdict == MISSED else verdict
        result.append([each.number, each.what, shown(figure), f"{sign} {each.gate:g}", goal, strong])
    result += [[number, what, "", "always", "", f"in {test}"] for number, what, test in unit_tested]
    return sorted(result, key=lambda cells: int(cells[0][1:]))


def missed(requirements, medians, more_is_better):
    """One line for people for each gate that does not hold, and whether the floor would hold it."""
    for each in requirements:
        figure = each.measured(medians, more_is_better)
        if each.verdict(figure) != MISSED:
            continue
        sign = "≥" if each.lower_bound else "≤"
        line = f"{each.number} {each.what}: {shown(figure)}, gate {sign} {each.gate:g}"
        floor = each.measured(medians, more_is_better, "floor") if each.against != "floor" else None
        yield "".join(
            (line, "" if floor is None else f"; the floor: {shown(floor)}", each.if_missed and f". {each.if_missed}")
        )


def shown(figure):
    if figure is None:
        return "–"
    return f"{figure:.2f}" if abs(figure) < 1000 else f"{figure:.0f}"
