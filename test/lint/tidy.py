#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy 19 over lib/src, gen and the public headers, with the checks of .clang-tidy.

A folder's sources are looked at as one: most of the time goes into the headers that all of them include, so this takes
a fifth of the time. Sources that do not compile together, since both have the same local name, are looked at apart.
(misc-unused-alias-decls finds nothing in this way; an editor's clang-tidy shows it.)

It reads the compile commands of a build directory that is configured; nothing needs to be built. What was clean is not
looked at again until a byte of its sources, of any header that they include, of the flags, of .clang-tidy, of this
program or the version of clang-tidy changes.
"""

import argparse
import functools
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tree

FINDING = re.compile(r"^([^:\s]+)(:\d+:\d+: (?:error|warning): .*)$")
FOLDERS = ("lib/src/", "gen/")
PUBLIC = "lib/include"
# The sources too: to clang-tidy they are headers of the file that includes them all.
HEADERS = r"(lib/(include|src)|gen)/.*\.[hc]pp$"
KEPT_FLAGS = ("-I", "-D", "-U", "-std=")  # g++'s others mean nothing to clang, or nothing to its checks
CLANG, TIDY = "clang++-19", "clang-tidy-19"


class Batch:
    """Sources of one folder with the same flags, or the public headers."""

    def __init__(self, work, where, flags, sources):
        self.work, self.where, self.flags, self.sources = work, where, flags, sources

    def of(self, sources):
        return Batch(self.work, self.where, self.flags, sources)

    @functools.cached_property
    def text(self):
        return "".join(f'#include "{source}"  // NOLINT(bugprone-suspicious-include)\n' for source in self.sources)

    @functools.cached_property
    def file(self):
        """The one that includes them all."""
        path = self.work / f"{hashlib.sha256(self.text.encode()).hexdigest()[:16]}.cpp"
        path.write_text(self.text, encoding="utf-8")
        return path

    def run(self, program, *arguments):
        return tree.output_of([program, *arguments], cwd=self.where, timeout=600)


def batches(root, build):
    """The largest first: they take longest."""
    found, public = {}, tree.files(root, (PUBLIC,), (".hpp",))
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        source = (Path(entry["directory"]) / entry["file"]).resolve()
        name = source.relative_to(root).as_posix() if source.is_relative_to(root) else ""
        if name.startswith(FOLDERS):
            # Not the target's private directory: what is generated goes there, and nothing is.
            flags = [word for word in shlex.split(entry["command"])
                     if word.startswith(KEPT_FLAGS) and not word.endswith(".p")]
            found.setdefault((source.parent, entry["directory"], *flags), set()).add(source)
            if name.startswith("lib/"):  # a template that no source includes is in no other batch
                found[root / PUBLIC, entry["directory"], *flags] = public
    work = build / "tidy"
    work.mkdir(exist_ok=True)
    return sorted((Batch(work, where, flags, sorted(sources)) for (_, where, *flags), sources in found.items()),
                  key=lambda batch: -sum(source.stat().st_size for source in batch.sources))


@functools.cache
def digest_of(path):
    return hashlib.sha256(path.read_bytes()).digest()


def fingerprint(batch, basis):
    """What the result depends on; None if a header is missing."""
    result = batch.run(CLANG, *batch.flags, "-M", str(batch.file))
    if result.returncode != 0:
        return None
    whole = hashlib.sha256(basis + "\0".join([*batch.flags, batch.text]).encode())
    for name in shlex.split(result.stdout.replace("\\\n", " ").partition(":")[2]):
        whole.update(name.encode() + digest_of(Path(batch.where) / name))
    return whole.hexdigest()


def look_at(root, basis, batch):
    """clang-tidy's words on the batch; none when it is clean."""
    key = fingerprint(batch, basis)
    if key and (batch.work / key).exists():
        return []
    if len(batch.sources) > 1:
        apart = not_together(batch)
        if apart:
            together = [source for source in batch.sources if source not in apart]
            return look_at(root, basis, batch.of(together)) + look_at(root, basis, batch.of(apart))
    result = batch.run(TIDY, "--quiet", "--warnings-as-errors=*", f"--config-file={root / '.clang-tidy'}",
                       f"--header-filter={HEADERS}", str(batch.file), "--", *batch.flags)
    if result.returncode == 0:
        if key:
            (batch.work / key).touch()
        return []
    lines = [tidied(root, Path(batch.where), line) for line in result.stdout.splitlines() if FINDING.match(line)]
    return lines or [result.stdout + result.stderr]


def not_together(batch):
    """The sources that do not compile with those before them: all but the first, at most."""
    result = batch.run(CLANG, *batch.flags, "-fsyntax-only", "-w", "-ferror-limit=0", str(batch.file))
    if result.returncode == 0:
        return []
    named = {Path(line.partition(":")[0]) for line in result.stderr.splitlines() if ": error: " in line}
    return [source for source in batch.sources[1:] if source in named] or batch.sources[1:]


def tidied(root, where, line):
    """The finding with its path as it is from the root."""
    path, rest = FINDING.match(line).groups()
    path = Path(os.path.normpath(where / path))
    return f"{path.relative_to(root) if path.is_relative_to(root) else path}{rest.replace(',-warnings-as-errors', '')}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=tree.ROOT)
    parser.add_argument("--build", type=Path, help="the build directory (default: ROOT/build)")
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    build = (arguments.build or root / "build").resolve()
    if not tree.tool(TIDY) or not tree.tool(CLANG):
        return tree.skip("tidy", f"{TIDY} or {CLANG} is not installed (apt-get install clang-tidy-19 clang-19)")
    if not (build / "compile_commands.json").exists():
        return tree.skip("tidy", f"{build} is not configured (./dev lint tidy configures it)")
    basis = b"\0".join([(root / ".clang-tidy").read_bytes(), Path(__file__).read_bytes(),
                        tree.output_of([TIDY, "--version"]).stdout.encode()])
    whole = batches(root, build)
    with ThreadPoolExecutor(tree.cores()) as pool:
        words = pool.map(lambda batch: look_at(root, basis, batch), whole)
        # A header's finding is said once, however many files include it.
        found = sorted({line for lines in words for line in lines})
    return tree.finish("tidy", found, sum(len(batch.sources) for batch in whole))


if __name__ == "__main__":
    sys.exit(main())
