#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the program in hello/ out of the tree, as a user would, and runs it.

Usage: packaging_test.py pkgconfig|cmake|subproject SOURCE_ROOT BUILD_ROOT

pkgconfig and cmake use a copy of sluice that this test installs into a directory of its own; subproject builds sluice
with the program. Exit code 77: a tool is missing.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77
EXPECTED = "Hello, installed sluice\n"


class failure(Exception):
    """A step went wrong; the message holds what it printed."""


def run(command, **options):
    result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, check=False, timeout=1500, **options)
    if result.returncode != 0:
        raise failure(f"{' '.join(map(str, command))}: exit code {result.returncode}\n{result.stdout}")
    return result.stdout


def install(build, destination):
    """Installs into destination and returns the prefix there: everything installed has to be relocatable."""
    run(["meson", "install", "-C", build, "--no-rebuild", "--skip-subprojects", "--destdir", destination])
    found = sorted(destination.rglob("sluice.pc"))
    if len(found) != 1:
        raise failure(f"expected one sluice.pc below {destination}, found {found}")
    prefix = next(parent for parent in found[0].parents if (parent / "include/sluice").is_dir())
    return prefix, found[0].parent


def pkgconfig(hello, build, scratch):
    _, directory = install(build, scratch / "installed")
    paths = [str(directory), os.environ.get("PKG_CONFIG_PATH", "")]
    run(["make", "-C", hello, "hello"],
        env={**os.environ, "PKG_CONFIG_PATH": os.pathsep.join(filter(None, paths))})
    return hello / "hello"


def cmake(hello, build, scratch):
    prefix, _ = install(build, scratch / "installed")
    out = scratch / "cmake"
    run(["cmake", "-S", hello, "-B", out, f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Debug"])
    run(["cmake", "--build", out])
    # A change of an imported file has to generate again: the depfile names it.
    words = hello / "proto/greeting/v1/words.proto"
    generated = out / "sluice/hello/greeting/v1/hello.pb.h"
    before = generated.stat().st_mtime_ns
    words.write_text(words.read_text(encoding="utf-8") + "\nmessage Added {}\n", encoding="utf-8")
    run(["cmake", "--build", out])
    if generated.stat().st_mtime_ns == before:
        raise failure("hello.proto was not generated again after a file that it imports changed")
    return out / "hello"


def subproject(hello, root, scratch):
    (hello / "subprojects").mkdir()
    (hello / "subprojects/sluice").symlink_to(root)
    out = scratch / "meson"
    run(["meson", "setup", out, hello, "--buildtype=debug"])
    run(["ninja", "-C", out, "hello"])
    return out / "hello"


KINDS = {
    "pkgconfig": (("make", "pkg-config"), lambda hello, root, build, scratch: pkgconfig(hello, build, scratch)),
    "cmake": (("cmake", "make", "pkg-config"), lambda hello, root, build, scratch: cmake(hello, build, scratch)),
    "subproject": (("meson", "ninja"), lambda hello, root, build, scratch: subproject(hello, root, scratch)),
}


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in KINDS:
        print(__doc__, file=sys.stderr)
        return 2
    tools, build_hello = KINDS[sys.argv[1]]
    root, build = (Path(argument).resolve() for argument in sys.argv[2:])
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        print(f"skipped: {', '.join(missing)} is not installed")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="sluice-packaging-") as folder:
        scratch = Path(folder)
        hello = scratch / "hello"
        shutil.copytree(Path(__file__).resolve().parent / "hello", hello)
        try:
            said = run([build_hello(hello, root, build, scratch)])
        except failure as error:
            print(error, file=sys.stderr)
            return 1
    if said != EXPECTED:
        print(f"hello said {said!r}, not {EXPECTED!r}", file=sys.stderr)
        return 1
    print(said, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
