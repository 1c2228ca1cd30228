# SPDX-License-Identifier: Apache-2.0
"""How figures look: the tables, the line of the machine, the versions, and what goes on meanwhile."""

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from html import escape

import page
import requirements


class Table:
    """Heads and cells as words; the first `words` columns are words, the others figures."""

    def __init__(self, words, heads, lines):
        self.words = words
        self.heads = heads
        self.lines = lines

    def markdown(self):
        wide = [max(len(cells[at]) for cells in (self.heads, *self.lines)) for at in range(len(self.heads))]

        def row(cells):
            words = [cell.ljust(width) for cell, width in zip(cells, wide[: self.words])]
            figures = [cell.rjust(width) for cell, width in zip(cells[self.words :], wide[self.words :])]
            return f"| {' | '.join(words + figures)} |"

        rule = ["-" * (width + 2) for width in wide[: self.words]]
        rule += ["-" * (width + 1) + ":" for width in wide[self.words :]]
        return "\n".join([row(self.heads), f"|{'|'.join(rule)}|", *map(row, self.lines)])

    def html(self):
        return page.table(self.heads, self.words, self.lines)


class Report:
    """What a run has found so far: printed as it comes, written at the end."""

    def __init__(self, machine, quick, implementations, skipped, progress):
        self.names = [each.name for each in implementations]
        self.progress = progress
        self.medians = {}  # scenario → row → implementation → figure
        self.more_is_better = set()
        self.results = {"machine": machine, "quick": quick, "skipped": skipped, "seconds": {}}
        self.results["versions"] = {each.name: each.version for each in implementations}
        self.text = []
        self.html = []
        self._say(machine + ("; quick: indicative only" if quick else ""))
        self._show(columns(implementations, skipped))

    def add(self, scenario, rows):
        rows = {label: figures for label, figures in rows.items() if figures}
        if not rows:
            return self.leave_out(scenario, "nothing could be measured")
        self.results[scenario.KEY] = {
            label: {
                name: {"median": statistics.median(values), "rounds": values}
                for name, values in figures.items()
            }
            for label, figures in rows.items()
        }
        medians = self.medians[scenario.KEY] = {
            label: {name: each["median"] for name, each in figures.items()}
            for label, figures in self.results[scenario.KEY].items()
        }
        if scenario.MORE_IS_BETTER:
            self.more_is_better.add(scenario.KEY)
        names = self._names_in(medians)
        self.html.append(f"<h2>{escape(scenario.TITLE)}</h2>")
        self._show(table(scenario, medians, names))
        self.html.append(page.plot(scenario, medians, names))

    def _names_in(self, rows):
        """The columns that have a figure; behind them what only some scenarios have, like raw TCP."""
        measured = {name for figures in rows.values() for name in figures}
        return [name for name in self.names if name in measured] + sorted(measured - set(self.names))

    def leave_out(self, scenario, reason):
        self.results["skipped"][scenario.KEY] = reason
        self._say(f"not measured: {scenario.KEY}: {reason}")

    def conclude(self, wanted, whole):
        if not wanted:
            return
        unit_tested = requirements.UNIT_TESTED if whole else ()
        lines = requirements.lines(wanted, self.medians, self.more_is_better, unit_tested)
        self.html.append("<h2>Requirements</h2>")
        self._show(Table(2, requirements.HEADS, lines))
        missed = list(requirements.missed(wanted, self.medians, self.more_is_better))
        self.results["missed_gates"] = missed
        if missed:
            head = "Gates that are missed, where the floor is, the reason, and what would be next:"
            items = "".join(f"<li>{escape(each)}</li>" for each in missed)
            self.html.append(f"<p>{head}</p><ul>{items}</ul>")
            self._print(f"{head}\n\n" + "\n".join(f"- {each}" for each in missed))

    def write_json(self, file, failures):
        self.results["failures"] = failures
        with open(file, "w") as into:
            json.dump(self.results, into, indent=2, ensure_ascii=False)

    def write_markdown(self, file):
        how = "Written by `./dev bench --markdown docs/benchmarks.md`; see `./dev bench --help`."
        with open(file, "w") as into:
            into.write("\n\n".join(["# Benchmarks", how, *self.text]) + "\n")

    def write_html(self, file):
        page.write(file, self.html)

    def _say(self, words):
        self.html.append(f"<p>{escape(words)}</p>")
        self._print(words)

    def _show(self, shown):
        self.html.append(shown.html())
        self._print(shown.markdown())

    def _print(self, text):
        self.text.append(text)
        self.progress.clear()
        print(text + "\n", flush=True)


def number(value, unit=""):
    if value is None:
        return "–"
    return (f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}") + unit


def table(scenario, rows, names):
    """A column for each implementation that has a figure, ours as a multiple of the floor, and how many times
    better than the best of each family of rivals ours is; without our programs, the floor is."""
    rivals = {rival: family for rival, family in requirements.FAMILIES.items() if set(names) & set(family)}
    to_floor = ["ours / floor"] if "floor" in names else []
    heads = [scenario.TITLE, *names, *to_floor, *(f"× {rival}" for rival in rivals)]
    lines = []
    for label, figures in rows.items():
        ours, floor = figures.get("sluice"), figures.get("floor")
        cells = [label, *(number(figures.get(name)) for name in names)]
        cells += [number(ours / floor if ours is not None and floor else None)] * len(to_floor)
        subject = ours if ours is not None else floor  # without our programs: how far the floor is
        for family in rivals.values():
            others = [figures[name] for name in family if name in figures]
            ahead = None
            if others and subject:
                ahead = subject / max(others) if scenario.MORE_IS_BETTER else min(others) / subject
            cells.append(number(ahead, "" if ours is not None else " (floor)"))
        lines.append(cells)
    return Table(1, heads, lines)


def machine(congestion):
    model = "unknown processor"
    with open("/proc/cpuinfo") as cpuinfo:
        for line in cpuinfo:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
    release = re.match(r"\d+(\.\d+)?", platform.release())  # what follows names somebody's build
    kernel = f"{platform.system()} {release.group() if release else platform.release()}"
    return f"{model}, {os.cpu_count()} cores, {kernel}, TCP {congestion}"


def built_with(directory):
    """Compiler and libraries of the programs, as meson found them: name → version."""
    build = os.path.join(directory, os.pardir, os.pardir)
    found = {}
    try:
        with open(os.path.join(build, "compile_commands.json")) as file:
            words = json.load(file)[0]["command"].split()
        compiler = next(word for at, word in enumerate(words) if words[at + 1].startswith("-"))
        said = subprocess.run([compiler, "--version"], capture_output=True, text=True, timeout=20).stdout
        first = said.splitlines()[0]
        version = re.search(r"version (\d[\d.]*)|(\d[\d.]*)$", first)
        found["clang++" if "clang" in first else "g++"] = version.group(1) or version.group(2)
        with open(os.path.join(build, "meson-info", "intro-dependencies.json")) as file:
            versions = {each["name"]: each["version"] for each in json.load(file)}
        names = {"boost": "Boost", "libnghttp2": "nghttp2", "protobuf": "protobuf", "grpc++": "grpc++"}
        found |= {shown: versions[name] for name, shown in names.items() if name in versions}
    except (OSError, LookupError, ValueError, AttributeError, subprocess.SubprocessError):
        pass  # the programs were built by other means
    return found


def columns(implementations, skipped):
    """What each column stands for."""
    lines = [[each.name, each.version, each.settings] for each in implementations]
    lines += [[name, "", f"skipped: {reason}"] for name, reason in skipped.items()]
    return Table(3, ["column", "version", "how it is set up"], lines)


class Progress:
    """One line that says what is being measured, on terminals only."""

    def __init__(self):
        self.began = time.monotonic()
        self.shown = sys.stderr.isatty()
        self.part = ""

    def seconds(self):
        return time.monotonic() - self.began

    def say(self, what):
        if self.shown:
            sys.stderr.write(f"\r\033[K[{self.seconds():4.0f} s{self.part and ', '}{self.part}] {what}")
            sys.stderr.flush()

    def clear(self):
        if self.shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
