#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each public header compiles alone, without a warning, with every compiler that is there.

A header that includes generated code (.pb.h, .sluice.hpp) is left out: its place is the build.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tree

FLAGS = ["-std=c++20", "-O0", "-Wall", "-Wextra", "-Wconversion", "-Wnon-virtual-dtor", "-Werror",
         "-DBOOST_ASIO_NO_DEPRECATED", "-c", "-o", "/dev/null"]
GENERATED = (".pb.h", ".sluice.hpp")


def compilers():
    found = [tree.tool("g++"), tree.tool("clang++-19", "clang++-20", "clang++-21")]
    return [compiler for compiler in found if compiler]


def compile_alone(compiler, include, header, scratch):
    """The compiler's complaint about the header, or None."""
    name = header.relative_to(include).as_posix()
    # Included twice, so that a missing guard shows; named by the header, so that ccache knows it again.
    source = Path(scratch) / (name.replace("/", "_") + ".cpp")
    source.write_text(f"#include <{name}>\n#include <{name}>\n", encoding="utf-8")
    cache = ["ccache"] if tree.tool("ccache") else []
    flags = FLAGS[:-1] + [f"{source}.{compiler}.o"]
    result = subprocess.run([*cache, compiler, *flags, f"-I{include}", str(source)],
                            capture_output=True, text=True, check=False, timeout=300,
                            env={**os.environ, "CCACHE_NOHASHDIR": "1"})
    if result.returncode == 0:
        return None
    lines = result.stderr.splitlines()
    first = next((line for line in lines if "error" in line), lines[0] if lines else "no message")
    return f"lib/include/{name}: not alone with {compiler}: {first}"


def findings(root, compiler_names):
    include = root / "lib/include"
    headers = [header for header in tree.files(root, ("lib/include",), (".hpp",))
               if not any(end + '"' in header.read_text(encoding="utf-8") for end in GENERATED)]
    # One place for all runs: the path is a part of what ccache compares.
    scratch = Path(tempfile.gettempdir()) / f"sluice-headers-{os.getuid()}"
    scratch.mkdir(mode=0o700, exist_ok=True)
    work = [(compiler, include, header, scratch) for header in headers for compiler in compiler_names]
    with ThreadPoolExecutor(tree.cores()) as pool:
        found = [finding for finding in pool.map(lambda item: compile_alone(*item), work) if finding]
    return found, len(headers)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=tree.ROOT)
    names = compilers()
    if not names:
        return tree.skip("headers_alone", "there is no g++ and no clang++")
    return tree.finish(f"headers_alone ({', '.join(names)})", *findings(parser.parse_args().root.resolve(), names))


if __name__ == "__main__":
    sys.exit(main())
