# SPDX-License-Identifier: Apache-2.0
"""Builds the peers that bring a package manager of their own, in versions that their manifests pin.

What they need is downloaded once. A peer whose tools or registry are not there is left out, with the reason.
"""

import os
import re
import shutil
import subprocess

from processes import Skip

HERE = os.path.dirname(os.path.abspath(__file__))
STEP_LIMIT = 900  # seconds for one command


def build_tonic(directory):
    need("cargo", "cargo, or rustup")
    need("protoc", "protobuf-compiler")
    build = ["cargo", "build", "--release", "--target-dir", directory]
    step(directory, build, os.path.join(HERE, "tonic"))
    return os.path.join(directory, "release", "tonic_bench")


def build_go(directory):
    need("go", "golang-go, or go.dev")
    need("protoc", "protobuf-compiler")
    source, tools = os.path.join(directory, "source"), os.path.join(directory, "tools")
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(os.path.join(HERE, "go"), source)
    # A go that is too old for the pins is a reason to skip, not to download another go.
    environment = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
    plugins = {
        "go": "google.golang.org/protobuf/cmd/protoc-gen-go",
        "go-grpc": "google.golang.org/grpc/cmd/protoc-gen-go-grpc",
    }
    step(directory, ["go", "build", "-o", tools + os.sep, *plugins.values()], source, environment)
    generate = ["protoc", f"-I{HERE}", "bench.proto"]
    for name in plugins:
        generate += [f"--plugin={tools}/protoc-gen-{name}", f"--{name}_out={source}"]
        generate += [f"--{name}_opt=module=sluice/bench", f"--{name}_opt=Mbench.proto=sluice/bench/echo"]
    step(directory, generate, source)
    program = os.path.join(directory, "grpc_go")
    step(directory, ["go", "build", "-o", program, "."], source, environment)
    return program


def tonic_version():
    with open(os.path.join(HERE, "tonic", "Cargo.toml")) as manifest:
        return re.search(r'^tonic = \{ version = "=([^"]+)"', manifest.read(), re.MULTILINE).group(1)


def go_version():
    with open(os.path.join(HERE, "go", "go.mod")) as module:
        return re.search(r"google\.golang\.org/grpc v(\S+)", module.read()).group(1)


def tool_version(*command):
    """What a tool says of itself, without the part that names its build."""
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"(\w+)(?: version)?[ a-z]*(\d+(?:\.\d+)+)", said)
    return f"{found.group(1)} {found.group(2)}" if found else ""


def need(program, package):
    if not shutil.which(program):
        raise Skip(f"{program} is not installed ({package})")


def step(directory, command, cwd, environment=None):
    """Runs one command of a build; its output stays in `directory`/log."""
    os.makedirs(directory, exist_ok=True)
    log = os.path.join(directory, "log")
    what = " ".join(command[:2])
    with open(log, "w+", errors="replace") as output:
        try:
            done = subprocess.run(
                command,
                cwd=cwd,
                env={**os.environ, **(environment or {})},
                timeout=STEP_LIMIT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        except subprocess.TimeoutExpired as error:
            raise Skip(f"{what} was not over after {STEP_LIMIT} s") from error
        if done.returncode == 0:
            return
        output.seek(0)
        lines = [line.strip() for line in output if line.strip()]
    wrong = next((line for line in lines if re.search(r"\berror\b", line, re.I)), (lines or ["no output"])[0])
    raise Skip(f"{what}: {wrong[:200]} (all of it: {log})")
