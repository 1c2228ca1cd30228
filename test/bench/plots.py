# SPDX-License-Identifier: Apache-2.0
"""Plots as SVG inside a page: bars for rows that have names, lines for rows that are numbers.

Colours are classes of the page's style sheet, `series-N` of COLOURS, so that they follow light and dark.
"""

import math
import re
from html import escape

COLOURS = ["sluice", "floor", "grpc callback", "grpc async", "tonic", "grpc-go", "raw TCP"]
WIDTH = 760
LABELS, VALUES = 200, 80  # left and right of the bars
BAR, GAP = 16, 14
HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 340, 64, 130, 14, 44  # of a line plot
UNITS = {"": 1, "k": 1e3, "M": 1e6, "Ki": 2**10, "Mi": 2**20}


def series(name):
    return f"series-{COLOURS.index(name) if name in COLOURS else len(COLOURS)}"


def number_of(label):
    """The number that a row label is: 100, 10k, 64 KiB, 16 MiB; None when it is none."""
    found = re.fullmatch(r"([\d.]+) ?(k|M|Ki|Mi)?B?", label.replace(" ", "").replace(",", ""))
    return float(found.group(1)) * UNITS[found.group(2) or ""] if found else None


def shown(value):
    for unit, name in ((1e6, " M"), (1e3, " k")):
        if value >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:.3g}"


def svg(height, what, parts):
    head = f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(what)}">'
    return "\n".join([head, *parts, "</svg>"])


def text(x, y, words, anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def rectangle(name, x, y, wide, high):
    return f'<rect class="{series(name)}" x="{x}" y="{y:.1f}" width="{wide:.1f}" height="{high}"/>'


def bars(what, rows, order):
    """`rows`: label → name → figure; a group of bars for each row, in the order of the names."""
    most = max((value for figures in rows.values() for value in figures.values()), default=0) or 1
    scale = (WIDTH - LABELS - VALUES) / most
    parts, y = [], 0
    for label, figures in rows.items():
        parts.append(f'<text class="group" x="0" y="{y + BAR - 4}">{escape(label)}</text>')
        y += BAR + 2
        for name in (each for each in order if each in figures):
            long = max(figures[name] * scale, 1)
            parts.append(text(LABELS - 8, y + BAR - 4, name, "end"))
            parts.append(rectangle(name, LABELS, y, long, BAR - 2))
            parts.append(text(LABELS + long + 6, y + BAR - 4, shown(figures[name])))
            y += BAR
        y += GAP
    return svg(y, what, parts)


class Axis:
    """Figures to pixels, and the ticks between."""

    def __init__(self, values, begin, end, log):
        positive = [each for each in values if each > 0] or [1]
        self.log = log
        self.least = min(positive) / (2 if log and min(values) <= 0 else 1) if log else 0
        self.most = max([*positive, self.least * 1.01])
        self.begin, self.end = begin, end

    def at(self, value):
        if self.log:
            part = math.log(max(value, self.least) / self.least) / math.log(self.most / self.least)
        else:
            part = value / self.most
        return self.begin + part * (self.end - self.begin)

    def ticks(self):
        if self.log:
            first, last = math.ceil(math.log10(self.least)), math.floor(math.log10(self.most))
            powers = [10.0**power for power in range(first, last + 1)]
            return powers if len(powers) > 1 else [self.least, self.most]
        step = 10 ** math.floor(math.log10(self.most))
        step *= next(each for each in (0.2, 0.5, 1, 2) if self.most / (step * each) <= 6)
        return [step * each for each in range(int(self.most / step + 1e-9) + 1)]


def lines(what, rows, order, x_label, log_x):
    """A line for each name over the rows whose labels are numbers. None when there are fewer than two."""
    numbers = {number_of(label): label for label in rows if number_of(label) is not None}
    if len(numbers) < 2:
        return None
    points = {}
    for x, label in numbers.items():
        for name, value in rows[label].items():
            points.setdefault(name, []).append((x, value))
    ys = [y for each in points.values() for _, y in each]
    lowest = min((each for each in ys if each > 0), default=1)
    across = Axis(list(numbers), LEFT, WIDTH - RIGHT, log_x)
    up = Axis(ys, HEIGHT - BOTTOM, TOP, max(ys) > 20 * lowest)
    parts = grid(across, up, numbers, x_label)
    ends = []
    for name in (each for each in order if each in points):
        places = [(across.at(x), up.at(y)) for x, y in sorted(points[name])]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline class="line {series(name)}" points="{path}"/>')
        parts += [f'<circle class="{series(name)}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in places]
        ends.append((places[-1][1], name))
    low = -math.inf
    for y, name in sorted(ends):  # names beside the ends of their lines, none over another
        low = max(y, low + BAR)
        parts.append(rectangle(name, WIDTH - RIGHT + 10, low - 5, 10, 10))
        parts.append(text(WIDTH - RIGHT + 26, low + 4, name))
    return svg(max(HEIGHT, low + BAR), what, parts)


def grid(across, up, numbers, x_label):
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = []
    for y in up.ticks():
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{up.at(y):.1f}" y2="{up.at(y):.1f}"/>')
        parts.append(text(LEFT - 8, up.at(y) + 4, shown(y), "end"))
    free = -math.inf
    for x, label in sorted(numbers.items()):  # what was measured is the tick
        if across.at(x) - free < 44:
            continue
        free = across.at(x)
        parts.append(f'<line class="grid" x1="{free:.1f}" x2="{free:.1f}" y1="{TOP}" y2="{bottom}"/>')
        parts.append(text(free, bottom + 18, label, "middle"))
    parts.append(text((LEFT + right) / 2, HEIGHT - 6, x_label, "middle"))
    return parts
