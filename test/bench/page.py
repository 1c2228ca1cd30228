# SPDX-License-Identifier: Apache-2.0
"""The figures as a page that needs nothing else: no script, no font, no request."""

from html import escape

import plots

STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --paper: #fff; --faint: #d9dde1; --missed: #b3261e;
  --0: #0b6bcb; --1: #8a9199; --2: #d97706; --3: #f0b429;
  --4: #7c3aed; --5: #0f9d76; --6: #5d6670; --7: #c2185b; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8ea; --paper: #14171a; --faint: #363c42; --missed: #ff8a80; --0: #58a6ff; --1: #9aa3ab;
    --2: #f59e0b; --3: #fcd34d; --4: #b794ff; --5: #34d399; --6: #c0c7ce; --7: #f48fb1; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; font-size: 1.15rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .7rem; border-bottom: 1px solid var(--faint); text-align: left; }
th.figure, td.figure { text-align: right; white-space: nowrap; }
.missed { color: var(--missed); font-weight: 600; }
svg { width: 100%; max-width: 760px; margin-top: 1rem; font-size: 12px; }
svg text { fill: var(--ink); }
svg .group { font-weight: 600; }
svg .grid { stroke: var(--faint); }
svg .line { fill: none !important; stroke-width: 2; }
""" + "".join(
    f".series-{at} {{ fill: var(--{at}); stroke: var(--{at}); }}\n" for at in range(len(plots.COLOURS) + 1)
)


def table(heads, figures, lines):
    """`figures`: how many columns at the left are words; the others are figures, to the right."""

    def row(cells, cell):
        kinds = ('' if at < figures else ' class="figure"' for at in range(len(cells)))
        inside = (f"<{cell}{kind}>{inline(each)}</{cell}>" for kind, each in zip(kinds, cells))
        return f"<tr>{''.join(inside)}</tr>"

    body = [row(each, "td") for each in lines]
    return "\n".join(['<div class="wide"><table>', row(heads, "th"), *body, "</table></div>"])


def inline(words):
    return f'<span class="missed">{escape(words[2:-2])}</span>' if words.startswith("**") else escape(words)


def plot(scenario, rows, order):
    how = scenario.PLOT
    if not how:
        return ""
    if how.get("bars"):
        return plots.bars(scenario.TITLE, rows, order)
    return plots.lines(scenario.TITLE, rows, order, how["x"], how.get("log", False)) or ""


def write(file, blocks):
    head = [
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>sluice: benchmarks</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{STYLE}</style>",
        "<h1>Benchmarks</h1>",
    ]
    with open(file, "w") as into:
        into.write("\n".join([*head, *blocks, "</html>"]) + "\n")
