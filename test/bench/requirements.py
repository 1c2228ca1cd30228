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

    `at_least` turns the comparison round where it is not the one that costs have.
    """

    number: str
    what: str
    section: str
    row: str
    against: str
    gate: float
    goal: float = None
    at_least: bool = None

    @property
    def lower_bound(self):
        return self.at_least if self.at_least is not None else self.against in FAMILIES

    def measured(self, medians, more_is_better):
        """`medians`: section → row → implementation → figure; `more_is_better`: the sections that are so."""
        rows = medians.get(self.section, {})
        figures = rows.get(self.row, {})
        ours = figures.get("sluice")
        if self.against == "limit":
            return ours
        more = self.section in more_is_better
        other = self._other(rows, figures, max if more else min)
        if not ours or not other:
            return None
        times_better = self.against in FAMILIES and self.lower_bound
        return other / ours if times_better and not more else ours / other

    def _other(self, rows, figures, best):
        if self.against.startswith("row:"):
            return rows.get(self.against.removeprefix("row:"), {}).get("sluice")
        names = FAMILIES.get(self.against, [self.against])
        return best((figures[name] for name in names if name in figures), default=None)

    def verdict(self, figure):
        if figure is None:
            return "not measured"
        meets = (lambda limit: figure >= limit) if self.lower_bound else (lambda limit: figure <= limit)
        if not meets(self.gate):
            return "misses the gate"
        return "goal" if self.goal is not None and meets(self.goal) else "gate"


def against_rivals(number, section, rows, limits):
    """A requirement for each row and each of `limits`: floor or rival → (gate, goal). Costs only."""

    def what(rival):
        return "CPU against the floor" if rival == "floor" else f"times better than {rival}"

    return [
        Requirement(number, f"{section}, {row}: {what(rival)}", section, row, rival, *gate_and_goal)
        for row in rows
        for rival, gate_and_goal in limits.items()
    ]


HEADS = ["#", "what", "measured", "gate", "goal", "reached"]


def lines(requirements, medians, more_is_better):
    """The table, each line as the words of its cells; the last one is the verdict."""
    for each in requirements:
        figure = each.measured(medians, more_is_better)
        sign = "≥" if each.lower_bound else "≤"
        goal = f"{sign} {each.goal:g}" if each.goal is not None else ""
        measured = "–" if figure is None else f"{figure:.2f}" if abs(figure) < 1000 else f"{figure:.0f}"
        yield [each.number, each.what, measured, f"{sign} {each.gate:g}", goal, each.verdict(figure)]


def missed(requirements, medians, more_is_better):
    """One line for people for each gate that does not hold."""
    for number, what, measured, gate, _, verdict in lines(requirements, medians, more_is_better):
        if verdict == "misses the gate":
            yield f"{number} {what}: {measured}, gate {gate}"


def table(requirements, medians, more_is_better):
    """Markdown."""
    result = [f"| {' | '.join(HEADS)} |", "|---|---|--:|--:|--:|---|"]
    for *cells, verdict in lines(requirements, medians, more_is_better):
        strong = f"**{verdict}**" if verdict == "misses the gate" else verdict
        result.append(f"| {' | '.join([*cells, strong])} |")
    return "\n".join(result)
