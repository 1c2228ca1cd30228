# SPDX-License-Identifier: Apache-2.0
"""P16: a hello world of both ends (hello/): what its compiler takes and what its program weighs.

The build is protoc with its plugin, the generated code and main, each with -O2 and nothing precompiled, by CPU
time; linking is not in it. The program has its RPC library and whatever only that needs linked in; protobuf,
OpenSSL, c-ares and zlib stay shared, which both use.
"""

import functools
import json
import os
import resource
import shutil
import subprocess
import tempfile

from processes import DEADLINE, Failed
from requirements import Requirement

KEY = "hello"
TITLE = "hello world, both ends in one program"
MORE_IS_BETTER = False
SECONDS = (30, 120)
QUICK = False
PLOT = {"bars": True}
BUILD, SIZE = "clean build: CPU s", "stripped program: MiB"
IF_MISSED = {
    BUILD: "protobuf's own file and header are 0.38 of it, and seconds vary; by what the compilers execute it is 0.46 "
    "(design/0017).",
    SIZE: "",
}
REQUIREMENTS = [
    Requirement(
        "P16", f"hello world, {row}, against grpc C++", KEY, row, "grpc C++", 0.5, 0.3,
        at_least=False, if_missed=IF_MISSED[row],
    )
    for row in (BUILD, SIZE)
]
HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROTO = os.path.join(ROOT, "samples", "hello")
FLAGS = ["-std=c++20", "-O2", "-DNDEBUG", "-pthread"]
SHARED = {"protobuf", "ssl", "crypto", "cares", "z", "dl", "pthread", "rt", "m", "atomic"}


def run(directory, *command):
    try:
        done = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, timeout=DEADLINE, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        raise Failed(f"{' '.join(command[:2])}: {done.stderr.strip()[:300]}")
    return done.stdout


def compiler(build):
    """The one that the library was built with, without a cache in front of it."""
    with open(os.path.join(build, "compile_commands.json")) as file:
        words = json.load(file)[0]["command"].split()
    return next(word for at, word in enumerate(words) if words[at + 1].startswith("-"))


def cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Sluice:
    def __init__(self, build):
        self.plugin = "protoc-gen-sluice=" + os.path.join(build, "gen", "protoc-gen-sluice")
        self.out = "--sluice_out=."
        self.sources = ["hello.pb.cc", "hello.sluice.cpp", os.path.join(HERE, "hello", "sluice_hello.cpp")]
        self.flags = ["-I" + os.path.join(ROOT, "lib", "include")]
        self.library = os.path.join(build, "lib", "libsluice.a")

    def libraries(self):
        return [self.library, *linked(["nghttp2", "zstd", "cares", "ssl", "crypto", "z"])]


class Grpc:
    def __init__(self):
        self.plugin = f"protoc-gen-grpc={shutil.which('grpc_cpp_plugin')}"
        self.out = "--grpc_out=."
        self.sources = ["hello.pb.cc", "hello.grpc.pb.cc", os.path.join(HERE, "hello", "grpc_hello.cpp")]
        self.flags = []

    def libraries(self):
        words = run(None, "pkg-config", "--libs", "--static", "grpc++").split()
        return linked(dict.fromkeys(word[2:] for word in words if word.startswith("-l")))


def linked(names):
    return [f"-l{name}" if name in SHARED else f"-l:lib{name}.a" for name in names]


def figures(cxx, project):
    """CPU seconds of the build, MiB of the program."""
    with tempfile.TemporaryDirectory() as directory:
        before = cpu()
        run(directory, "protoc", f"-I{PROTO}", "--cpp_out=.", f"--plugin={project.plugin}", project.out, "hello.proto")
        for at, source in enumerate(project.sources):
            run(directory, cxx, *FLAGS, *project.flags, "-I.", "-c", source, "-o", f"{at}.o")
        spent = cpu() - before
        objects = [f"{at}.o" for at in range(len(project.sources))]
        together = ["-Wl,--start-group", *project.libraries(), "-lprotobuf", "-Wl,--end-group"]
        run(directory, cxx, "-pthread", "-s", *objects, "-o", "hello", *together)
        program = os.path.join(directory, "hello")
        if run(directory, program) != "Hello world\n":
            raise Failed("the program does not say hello")
        return spent, os.path.getsize(program) / 2**20


def measure(bench):
    build = os.path.dirname(os.path.dirname(bench.directory))
    cxx = compiler(build)
    projects = {"sluice": Sluice(build)}
    if bench.named("grpc callback"):
        projects["grpc callback"] = Grpc()
    measures = {name: functools.partial(figures, cxx, project) for name, project in projects.items()}
    if bench.quick:
        once = {name: bench.attempt(name, one) for name, one in measures.items()}
        rounds = {name: [figure] for name, figure in once.items() if figure}
    else:
        rounds = bench.interleaved("hello world", measures)
    return {
        label: {name: [each[at] for each in found] for name, found in rounds.items()}
        for at, label in enumerate((BUILD, SIZE))
    }
