#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which lines of the library the tests reach, by layer: ./dev coverage builds with counters, runs the tests and calls this.

Prints a table, and every line that no test reaches. Fails when a layer has less than it must: REQUIRED. The pages with the
lines in colour are BUILD/coverage/index.html, the list is BUILD/coverage/missing.md. Nothing is excluded: a line that
cannot be reached is removed, or it is in the list.
"""

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = {"wire": 95, "http2": 95, "rpc": 95, "transport": 90, "client": 90, "server": 90}  # per cent of lines


class layer:
    def __init__(self):
        self.lines = 0
        self.missing = defaultdict(list)  # by file

    def reached(self):
        return self.lines - sum(map(len, self.missing.values()))

    def share(self):
        return 100 * self.reached() / self.lines


def measure(build):
    """gcovr's figures as JSON, and its pages."""
    folder = build / "coverage"
    folder.mkdir(exist_ok=True)
    subprocess.run(["gcovr", "--root", ROOT, "--object-directory", build, "--filter", str(ROOT / "lib") + "/",
                    "--json", folder / "coverage.json", "--html-details", folder / "index.html", build],
                   check=True, stdout=subprocess.DEVNULL)
    return json.loads((folder / "coverage.json").read_text(encoding="utf-8"))


def layer_of(name):
    """lib/include/sluice/rpc/codec.hpp and lib/src/rpc/errors.cpp: rpc; None for a header above the layers."""
    parts = Path(name).parts
    depth = 3 if parts[1] == "include" else 2
    return parts[depth] if len(parts) > depth + 1 else None


def by_layer(figures):
    layers = defaultdict(layer)
    for file in figures["files"]:
        name = layer_of(file["file"])
        if name is None:
            continue
        for line in file["lines"]:
            if line.get("gcovr/noncode", False):
                continue
            layers[name].lines += 1
            if line["count"] == 0:
                layers[name].missing[file["file"]].append(line["line_number"])
    return dict(sorted(layers.items()))


def ranges(numbers):
    """[1, 2, 3, 7] as "1-3, 7"."""
    out = []
    for number in sorted(set(numbers)):
        if out and out[-1][1] == number - 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in out)


def report(layers):
    lines = ["| layer | lines | reached | % | required |", "|---|---:|---:|---:|---:|"]
    lines += [f"| {name} | {each.lines} | {each.reached()} | {each.share():.1f} | {REQUIRED.get(name, '')} |"
              for name, each in layers.items()]
    lines += ["", "Not reached:", ""]
    lines += [f"- {file}: {ranges(numbers)}" for each in layers.values() for file, numbers in sorted(each.missing.items())]
    return lines


def main():
    parser = argparse.ArgumentParser(prog="./dev coverage", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path, nargs="?", default=ROOT / "build-coverage", help=argparse.SUPPRESS)
    build = parser.parse_args().build.resolve()
    layers = by_layer(measure(build))
    lines = report(layers)
    (build / "coverage/missing.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(*lines, f"\nThe pages: {build}/coverage/index.html", sep="\n")
    low = [name for name, least in REQUIRED.items() if name not in layers or layers[name].share() < least]
    for name in low:
        print(f"{name}: fewer than {REQUIRED[name]} % of its lines are reached", file=sys.stderr)
    print(f"{len(REQUIRED) - len(low)} passed, {len(low)} failed, 0 skipped")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
