#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures sluice, the floor, grpc C++, tonic and grpc-go side by side: one run, one machine.

The measured side runs on one core, its counterpart on another. Rounds are interleaved (A B B A), a figure is
the median of its rounds. A table is printed as soon as it is measured; the last one sets the figures against
the gates and goals of the requirements P1 to P16. Ctrl-C ends everything that was started.

columns (an implementation that is not there is skipped, with its reason):
  sluice         ours
  floor          Asio, nghttp2 and protobuf with nothing between them: what the same libraries allow
  grpc callback, grpc async
                 grpc C++ by its two interfaces; ratios are to the better one
  tonic          Rust, one thread; built with cargo, the first time it downloads what its manifest names
  grpc-go        GOMAXPROCS=1; built with go, the same
  raw TCP        where it says something: Asio and a socket, of as many bytes

examples:
  ./dev bench --list                     what is measured
  ./dev bench --quick                    a minute or so, indicative only
  ./dev bench --quick --all-rows         every row and plot, still indicative only
  ./dev bench --only server,client       two scenarios in full
  ./dev bench --markdown docs/benchmarks.md --html bench.html
                                         everything, on a machine that does nothing else

Counts (instructions, allocations, most system calls, bytes) hardly depend on the machine, only on compiler
and libraries: --compare counts.json fails when one of ours has grown by more than 2 %, --save-counts
counts.json accepts what is there now.
"""

import argparse
import os
import shutil
import signal
import sys

import accepted
import implementations
import report
import scenarios
from harness import Bench
from measures import COUNTERPART, MEASURED
from processes import Children, Failed, Skip, cubic


def run(options, children, congestion):
    progress = report.Progress()
    there, skipped = implementations.found(options, progress)
    bench = Bench(options, children, progress, there)
    found = report.Report(report.machine(congestion), options.quick, there, skipped, progress)
    for at, each in enumerate(options.scenarios):
        progress.part = f"{at + 1} of {len(options.scenarios)}"
        began = progress.seconds()
        try:
            if bench.few_rows and not options.only and not scenarios.in_quick(each):
                raise Skip("takes too long for --quick")
            found.add(each, each.measure(bench))
        except Skip as reason:
            found.leave_out(each, str(reason))
        except Failed as failure:
            bench.failures.append(f"{each.KEY}: {failure}")
        found.results["seconds"][each.KEY] = round(progress.seconds() - began, 1)
    found.conclude(scenarios.requirements(options.scenarios), whole=options.scenarios == scenarios.ALL)
    if options.compare:
        bench.failures += accepted.growth(found.medians, options.compare)
    if options.save_counts:
        accepted.save(found.medians, options.save_counts)
    for failure in bench.failures:
        print(f"failed: {failure}", file=sys.stderr)
    if options.json:
        found.write_json(options.json, bench.failures)
    if options.markdown:
        found.write_markdown(options.markdown)
    if options.html:
        found.write_html(options.html)
    return 1 if bench.failures else 0


def list_scenarios():
    wide = max(len(each.KEY) for each in scenarios.ALL)
    for each in scenarios.ALL:
        numbers = sorted({one.number for one in each.REQUIREMENTS}, key=lambda number: int(number[1:]))
        times = "about {} s quick, {} s".format(*each.SECONDS)
        print(f"{each.KEY:{wide}}  {each.TITLE} ({times}{''.join('; ' + one for one in numbers)})")


def positive(text):
    number = float(text)
    if not 0 < number <= 60:
        raise argparse.ArgumentTypeError("a number of seconds above 0, 60 at most")
    return number


def read_options():
    parser = argparse.ArgumentParser(
        prog="./dev bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("directory", help="where the programs are: test/bench of the build directory (./dev bench gives it)")
    add("--list", action="store_true", help="what is measured, and nothing else")
    add("--only", metavar="NAME[,NAME]", type=lambda text: text.split(","), help="measure only these")
    add("--quick", action="store_true", help="a minute or so once all is built: few rows, indicative only")
    add("--all-rows", action="store_true", help="with --quick: everything, in short runs; some four minutes")
    add("--seconds", metavar="S", type=positive, help="how long a round is: 1, and 0.12 with --quick")
    add(
        "--without", metavar="NAME", action="append", default=[], help="leave a column out (may be repeated)"
    )
    add("--counts-only", action="store_true", help="--only counts,wire, and neither tonic nor grpc-go")
    add("--compare", metavar="FILE", help="fail when a count is 2 %% above that in FILE")
    add("--save-counts", metavar="FILE", help="write our counts, to compare with later")
    add("--json", metavar="FILE", help="write every round of every figure")
    add("--markdown", metavar="FILE", help="write the tables")
    add("--html", metavar="FILE", help="write tables and plots as one page that needs nothing else")
    options = parser.parse_args()
    options.directory = os.path.abspath(options.directory)
    try:
        options.scenarios = scenarios.selected(accepted.SCENARIOS if options.counts_only else options.only)
    except LookupError as wrong:
        parser.error(wrong.args[0])
    missing = set(accepted.SCENARIOS) - {each.KEY for each in options.scenarios}
    if (options.compare or options.save_counts) and missing:
        parser.error(f"--compare and --save-counts need the scenarios {' and '.join(accepted.SCENARIOS)}")
    if options.list:
        return options
    if not os.access(os.path.join(options.directory, "load"), os.X_OK):
        parser.error(f"{options.directory} holds no program `load`; build with -Dbench=true")
    if not shutil.which("taskset"):
        parser.error("taskset is needed (Debian: util-linux)")
    return options


def main():
    options = read_options()
    if options.list:
        return list_scenarios()
    if MEASURED == COUNTERPART:
        print("one core only: the counterpart disturbs what is measured")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # end like Ctrl-C, with nothing left
    try:
        with cubic() as congestion, Children() as children:
            return run(options, children, congestion)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
