#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hello world's generated source compiles without a warning, and in less than 3 s, with each compiler that is here.

compile_time_test.py BUILD_DIRECTORY. Takes the command that the build itself compiles the file with, without
sanitizers and launchers, and adds the warnings that the project's own sources are held to. The time is the
processor's: what else the machine does at the moment does not count.
"""
import json
import os
import pathlib
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile

LIMIT = 3.0
WARNINGS = ['-Wall', '-Wextra', '-Wconversion', '-Werror']


def build_command(build):
    for entry in json.loads((build / 'compile_commands.json').read_text()):
        if pathlib.PurePath(entry['file']).name == 'hello.sluice.cpp':
            arguments = shlex.split(entry['command'])
            break
    else:
        sys.exit('compile_commands.json has no hello.sluice.cpp')
    while not arguments[0].startswith('-'):  # ccache g++
        arguments.pop(0)
    for option in ('-o', '-MF', '-MQ', '-c'):  # each with the value behind it
        at = arguments.index(option)
        del arguments[at:at + 2]
    dropped = ('-fsanitize', '-fno-sanitize', '-MD', '-fdiagnostics-color', '-fcolor-diagnostics', '-Winvalid-pch', '-Werror')
    return [a for a in arguments if not a.startswith(dropped)], entry['file']


def processor_time():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def compilers():
    clang = next((c for c in ('clang++-19', 'clang++') if shutil.which(c)), None)
    return [c for c in ('g++' if shutil.which('g++') else None, clang) if c]


def main():
    build = pathlib.Path(sys.argv[1])
    arguments, file = build_command(build)
    found, failed = compilers(), False
    if not found:
        sys.exit('neither g++ nor clang++ is here')
    with tempfile.TemporaryDirectory() as directory:
        for compiler in found:
            extra = ['-Wno-unknown-warning-option'] if 'clang' in compiler else []
            command = [compiler, *arguments, *extra, *WARNINGS, '-c', file, '-o', os.path.join(directory, 'hello.o')]
            before = processor_time()
            done = subprocess.run(command, cwd=build, capture_output=True, text=True, timeout=120)
            seconds = processor_time() - before
            verdict = 'fails' if done.returncode else 'warns' if done.stderr else 'compiles'
            print(f'{compiler}: hello.sluice.cpp {verdict}, {seconds:.2f} s of at most {LIMIT} s', flush=True)
            print(done.stderr, end='')
            failed = failed or done.returncode != 0 or done.stderr != '' or seconds >= LIMIT
    sys.exit(failed)


main()
