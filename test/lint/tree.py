# SPDX-License-Identifier: Apache-2.0
"""What the lint programs share: where the tree is, which files it has, how a finding is said."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKIPPED_CODE = 77  # what Meson and ./dev take for "skipped"

SOURCE_FOLDERS = ("lib", "gen", "cli", "samples", "test")
CPP = (".hpp", ".cpp", ".ipp")
# Not ours to lint: what builds and package managers leave in the tree, and what programs wrote (golden files).
IGNORED_FOLDERS = {"__pycache__", "node_modules", "build", "golden"}


def files(root, folders=SOURCE_FOLDERS, suffixes=CPP):
    """All files with one of the suffixes under root's folders, sorted."""
    found = []
    for folder in folders:
        for where, below, names in os.walk(root / folder):
            below[:] = [name for name in below if name not in IGNORED_FOLDERS]
            found += [Path(where) / name for name in names if name.endswith(tuple(suffixes))]
    return sorted(found)


def finish(name, findings, looked_at):
    """Prints the findings, or one line that says how much was looked at; returns the exit code."""
    for finding in findings:
        print(finding, file=sys.stderr)
    if findings:
        print(f"{name}: {len(findings)} findings", file=sys.stderr)
        return 1
    print(f"{name}: nothing to find in {looked_at} files")
    return 0


def skip(name, reason):
    print(f"{name}: skipped: {reason}")
    return SKIPPED_CODE


def tool(*names):
    """The first of the named programs that is installed, or None."""
    return next((name for name in names if shutil.which(name)), None)


def output_of(command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def cores():
    return len(os.sched_getaffinity(0))
