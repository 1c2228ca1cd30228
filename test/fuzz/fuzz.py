#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the fuzz targets: ./dev fuzz TARGET...

Each target starts from its seeds (seeds.py), from what is committed in test/fuzz/corpus/TARGET, and from what earlier
runs on this machine found, in BUILD/corpus/TARGET. That grows, and is minimized after runs of a minute and more.
What breaks a target is kept in BUILD/found, and told with the command that replays it.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# What nobody guesses: libFuzzer sees into our code, and not into nghttp2.
DICTIONARIES = {"addresses": "addresses.dict", "client_bytes": "http2.dict", "server_bytes": "http2.dict",
                "split": "http2.dict"}
LONGEST_INPUT = 60  # seconds on a busy machine: a hang
SANITIZERS = {"ASAN_OPTIONS": "detect_leaks=1:allow_addr2line=1:detect_stack_use_after_return=1",
              "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1:allow_addr2line=1"}


class target:
    def __init__(self, build, name):
        self.name = name
        self.program = build / "test/fuzz" / f"fuzz-{name}"
        self.corpus = build / "corpus" / name
        self.found = build / "found"
        self.log = build / "logs" / f"{name}.log"
        self.starts = [path for path in (build / "test/fuzz/seeds" / name, HERE / "corpus" / name) if path.is_dir()]
        for folder in (self.corpus, self.found, self.log.parent):
            folder.mkdir(parents=True, exist_ok=True)

    def start(self, seconds, seed):
        self.before = set(self.found.iterdir())
        command = [self.program, f"-max_total_time={seconds}", f"-timeout={LONGEST_INPUT}", "-rss_limit_mb=2048",
                   "-malloc_limit_mb=256", f"-report_slow_units={LONGEST_INPUT}", "-print_final_stats=1",
                   f"-artifact_prefix={self.found / self.name}-"]
        if seed:
            command.append(f"-seed={seed}")
        if self.name in DICTIONARIES:
            command.append(f"-dict={HERE / DICTIONARIES[self.name]}")
        self.began = time.monotonic()
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen([*map(str, command), self.corpus, *self.starts], stdout=log, stderr=log,
                                            env={**SANITIZERS, **os.environ})

    def finish(self):
        """Waits for the end and says how it went; True when nothing broke."""
        code = self.process.wait()
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        inputs = next((line.split()[-1] for line in lines if line.startswith("stat::number_of_executed_units")), "?")
        reached = next((line for line in reversed(lines) if " cov: " in line), "")
        reached = " ".join(reached.split()[2:8])
        print(f"{self.name}: {inputs} inputs in {time.monotonic() - self.began:.0f} s, {reached}", flush=True)
        if code == 0:
            return True
        said = [line for line in lines
                if line.startswith(("broken:", "SUMMARY:", "one: ", "other: ", "Base64: ")) or "ERROR" in line]
        print(f"{self.name}: BROKEN", *said[:6], sep="\n  ")
        for path in sorted(set(self.found.iterdir()) - self.before):
            print(f"  the input: {path}\n  again:     {self.program} {path}")
        print(f"  the log:   {self.log}\n  mended, keep the input: cp INPUT test/fuzz/corpus/{self.name}/WHAT-IT-SHOWS",
              flush=True)
        return False

    def minimize(self):
        smaller = self.corpus.with_suffix(".smaller")
        shutil.rmtree(smaller, ignore_errors=True)
        smaller.mkdir()
        done = subprocess.run([self.program, "-merge=1", smaller, self.corpus, *self.starts], capture_output=True,
                              check=False, env={**SANITIZERS, **os.environ})
        if done.returncode == 0:
            shutil.rmtree(self.corpus)
            smaller.rename(self.corpus)


def run(targets, seconds, jobs, seed):
    """Runs the targets, `jobs` at a time; returns how many broke."""
    broken = 0
    waiting, running = list(targets), []
    while waiting or running:
        while waiting and len(running) < jobs:
            running.append(waiting.pop(0))
            running[-1].start(seconds, seed)
        one = running.pop(0)
        if not one.finish():
            broken += 1
        elif seconds >= 60:
            one.minimize()
    return broken


def main():
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="the targets to run, or all")
    parser.add_argument("--list", action="store_true", help="name the targets")
    parser.add_argument("--minutes", type=float, default=0, help="for each target; without it and --seconds: one minute")
    parser.add_argument("--seconds", type=float, default=0, help="more of them")
    parser.add_argument("--jobs", type=int, default=1, help="how many targets run at once (default 1)")
    parser.add_argument("--seed", type=int, default=0,
                        help="of the random inputs: from the same corpus the same ones again (default: another each time)")
    parser.add_argument("--build", type=Path, default=ROOT / "build-fuzz", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    programs = sorted((arguments.build / "test/fuzz").glob("fuzz-*"))
    known = [path.name.removeprefix("fuzz-") for path in programs if path.is_file() and os.access(path, os.X_OK)]
    if arguments.list:
        print(*known, sep="\n")
        return 0
    names = known if arguments.targets == ["all"] else arguments.targets
    if not names:
        parser.error("name a target, or all; --list names them")
    for name in names:
        if name not in known:
            parser.error(f"there is no target {name}; there are: {' '.join(known)}")
    seconds = round(arguments.minutes * 60 + arguments.seconds) or 60
    broken = run([target(arguments.build, name) for name in names], seconds, max(arguments.jobs, 1), arguments.seed)
    print(f"{len(names) - broken} passed, {broken} failed, 0 skipped")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
