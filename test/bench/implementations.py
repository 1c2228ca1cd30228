# SPDX-License-Identifier: Apache-2.0
"""The columns: what each implementation is, and which of them are on this machine."""

import os

import peers
import report
from measures import Implementation
from processes import Skip


def built_by_meson(directory):
    versions = report.built_with(directory)
    ours = ", ".join(f"{name} {versions[name]}" for name in versions if name != "grpc++")
    grpc = versions.get("grpc++", "")
    threads = {"callback": "threads of its own, all on one core", "async": "one completion queue, one thread"}

    def pair(name, program, version, settings, *choice):
        sides = ([f"{program}_{side}", *choice] for side in ("server", "client"))
        return Implementation(name, directory, *sides, version, settings)

    fastest = "optimization target throughput, buffer hint in streams"
    return [
        pair("sluice", "sluice", ours, "defaults, one thread"),
        pair("floor", "floor", ours, "one thread, one write a turn"),
        *(
            pair(f"grpc {mode}", "grpc", grpc, f"{fastest}; {threads[mode]}", "--mode", mode)
            for mode in ("callback", "async")
        ),
    ]


def tonic(directory):
    program = peers.build_tonic(os.path.join(directory, "tonic"))
    return Implementation(
        "tonic", directory, [program, "server"], [program, "client"],
        f"{peers.tonic_version()}, {peers.tool_version('rustc', '--version')}",
        "current_thread runtime, 16 MiB windows, TCP_NODELAY, Bytes, fat LTO",
    )


def grpc_go(directory):
    program = peers.build_go(os.path.join(directory, "go"))
    return Implementation(
        "grpc-go", directory, [program, "server"], [program, "client"],
        f"{peers.go_version()}, {peers.tool_version('go', 'version')}",
        "GOMAXPROCS=1, one stream worker, 16 MiB windows, buffers of 128 KiB",
        counted=False,
    )


BUILT_BY_THEMSELVES = {"tonic": tonic, "grpc-go": grpc_go}


def found(options, progress):
    """Those that are there, and for the others the reason: name → text."""
    there, skipped = [], {}
    for each in built_by_meson(options.directory):
        if each.name in options.without:
            skipped[each.name] = "--without"
        elif each.server or each.client:
            there.append(each)
        else:
            skipped[each.name] = "no such program in the build directory"
    for name, build in BUILT_BY_THEMSELVES.items():
        if options.counts_only or name in options.without:
            skipped[name] = "--counts-only" if options.counts_only else "--without"
            continue
        progress.say(f"building {name} (the first time takes minutes)")
        try:
            there.append(build(options.directory))
        except Skip as reason:
            skipped[name] = str(reason)
    progress.clear()
    return there, skipped
