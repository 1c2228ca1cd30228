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


def table(title, rows, names, rivals, more_is_better):
    """Markdown: a column for each implementation, then ours as a multiple of the floor, then how many times
    better than the best of each family of `rivals` ours is; without our programs, the floor is."""

    def number(value, unit=""):
        if value is None:
            return "–"
        return (f"{value:.0f}" if value >= 1000 else f"{value:.3g}") + unit

    heads = [*names, "ours / floor", *(f"× {rival}" for rival in rivals)]
    lines = [f"| {title} | {' | '.join(heads)} |", f"|---|{'--:|' * len(heads)}"]
    for label, figures in rows.items():
        medians = {name: statistics.median(values) for name, values in figures.items()}
        ours, floor = medians.get("sluice"), medians.get("floor")
        to_floor = ours / floor if ours is not None and floor else None
        subject = ours if ours is not None else floor  # without our programs: how far the floor is
        cells = [*(number(medians.get(name)) for name in names), number(to_floor)]
        for family in rivals.values():
            others = [medians[name] for name in family if name in medians]
            ahead = None
            if others and subject:
                ahead = subject / max(others) if more_is_better else min(others) / subject
            cells.append(number(ahead, "" if ours is not None else " (floor)"))
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


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
    """Markdown: what each column stands for."""
    lines = ["| column | version | how it is set up |", "|---|---|---|"]
    lines += [f"| {each.name} | {each.version} | {each.settings} |" for each in implementations]
    lines += [f"| {name} | | skipped: {reason} |" for name, reason in skipped.items()]
    return "\n".join(lines)


class Progress:
    """One line that says what is being measured, on terminals only."""

    def __init__(self):
        self.began = time.monotonic()
        self.shown = sys.stderr.isatty()

    def seconds(self):
        return time.monotonic() - self.began

    def say(self, what):
        if self.shown:
            sys.stderr.write(f"\r\033[K[{self.seconds():4.0f} s] {what}")
            sys.stderr.flush()

    def clear(self):
        if self.shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
