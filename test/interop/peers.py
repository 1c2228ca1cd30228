# SPDX-License-Identifier: Apache-2.0
"""Installs the peers, each from its own registry with pinned versions, into a cache outside the tree.

A peer whose tools or registry are not there raises `Skip` with the reason; one that is there but does not
build raises `Broken`, which is a failure.
"""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROTO = HERE / 'interop.proto'
STEP_LIMIT = 420  # seconds for one command of an installation

GO_PLUGINS = {
    'protoc-gen-go': 'google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.11',
    'protoc-gen-go-grpc': 'google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.0',
}


class Skip(Exception):
    """The peer cannot be had on this machine."""


class Broken(Exception):
    """The peer could be had, and does not build."""


@dataclass
class Peer:
    name: str
    library: str
    server: list
    client: list
    env: dict = field(default_factory=dict)


def step(kind, command, cwd=None, env=None):
    """Runs one command of an installation; raises `kind` when it fails."""
    command = [str(word) for word in command]
    what = ' '.join(Path(command[0]).name if i == 0 else word for i, word in enumerate(command[:4]))
    try:
        done = subprocess.run(command, cwd=cwd, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace',
                              timeout=STEP_LIMIT)
    except FileNotFoundError as error:
        raise Skip(f'{command[0]} not found') from error
    except subprocess.TimeoutExpired as error:
        raise kind(f'{what}: not over after {STEP_LIMIT} s') from error
    if done.returncode != 0:
        lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
        wrong = [line for line in lines if re.search(r'\berr(or|!)?\b', line, re.I)] or lines or ['no output']
        raise kind(f'{what}: {wrong[0][:200]}')
    return done.stdout


def need(*programs):
    for program, package in programs:
        if shutil.which(program) is None:
            raise Skip(f'{program} not found (install {package})')


def once(directory, label, inputs, action):
    """Runs the action unless it has succeeded before in this directory with the same inputs."""
    digest = hashlib.sha256()
    for item in inputs:
        digest.update(item.read_bytes() if isinstance(item, Path) else str(item).encode())
        digest.update(b'\0')
    stamp = directory / f'.{label}'
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    stamp.unlink(missing_ok=True)
    action()
    stamp.write_text(digest.hexdigest())


def fresh(directory):
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)


def python_peer(work, _build):
    source = HERE / 'python'
    venv = work / 'venv'
    python = venv / 'bin' / 'python'
    generated = work / 'generated'

    def install():
        shutil.rmtree(venv, ignore_errors=True)
        try:
            step(Skip, [sys.executable, '-m', 'venv', venv])
        except Skip as error:
            raise Skip(f'{error} (install python3-venv)') from error
        step(Skip, [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check',
                    '--only-binary', ':all:', '--retries', '1', '--requirement', source / 'requirements.txt'])

    def generate():
        fresh(generated)
        step(Broken, [python, '-m', 'grpc_tools.protoc', f'-I{HERE}', f'--python_out={generated}',
                      f'--grpc_python_out={generated}', PROTO.name])

    once(work, 'installed', [source / 'requirements.txt', sys.version], install)
    once(work, 'generated-by', [source / 'requirements.txt', sys.version, PROTO], generate)
    version = (source / 'requirements.txt').read_text().split()[0].replace('==', ' ')
    return Peer('python', version, [python, source / 'server.py'], [python, source / 'client.py'],
                {'PYTHONPATH': str(generated), 'PYTHONDONTWRITEBYTECODE': '1'})


def node_peer(work, _build):
    need(('node', 'nodejs'), ('npm', 'npm'))
    source = HERE / 'node'
    for file in source.iterdir():
        shutil.copy(file, work)
    once(work, 'installed', [source / 'package.json', source / 'package-lock.json'],
         lambda: step(Skip, ['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], cwd=work))
    version = json.loads((source / 'package.json').read_text())['dependencies']['@grpc/grpc-js']
    return Peer('node', f'@grpc/grpc-js {version}', ['node', work / 'server.js'],
                ['node', work / 'client.js'], {'INTEROP_PROTO': str(PROTO)})


def go_peer(work, _build):
    need(('go', 'golang'), ('protoc', 'protobuf-compiler'))
    source = HERE / 'go'
    sources = sorted(source.iterdir())
    version = re.search(r'google.golang.org/grpc (\S+)', (source / 'go.mod').read_text()).group(1)
    tools = work / 'bin'
    # A go that is too old for the pins is a reason to skip, not to download another go.
    env = {'GOBIN': str(tools), 'GOTOOLCHAIN': 'local'}
    program = work / 'peer'

    def install():
        for file in sources:
            shutil.copy(file, work)
        for plugin in GO_PLUGINS.values():
            step(Skip, ['go', 'install', plugin], env=env)
        step(Skip, ['go', 'mod', 'download'], cwd=work, env=env)

    def build():
        for file in sources:
            shutil.copy(file, work)
        module = 'module=sluice/interop,Minterop.proto=sluice/interop/interoppb'
        step(Broken, ['protoc', f'-I{HERE}', f'--plugin={tools / "protoc-gen-go"}',
                      f'--plugin={tools / "protoc-gen-go-grpc"}', f'--go_out={work}', f'--go_opt={module}',
                      f'--go-grpc_out={work}', f'--go-grpc_opt={module}', PROTO.name])
        step(Broken, ['go', 'build', '-o', program, '.'], cwd=work, env=env)

    go = step(Skip, ['go', 'version'], env=env)
    pins = [source / 'go.mod', source / 'go.sum', *GO_PLUGINS.values()]
    once(work, 'installed', [*pins, go], install)
    once(work, 'built', [*sources, PROTO, go], build)
    return Peer('go', f'grpc-go {version}', [program], [program])


def targets_of(build):
    """The names of what this build directory can build; none when it is no configured build directory."""
    if not (build / 'build.ninja').exists():
        return set()
    targets = json.loads(step(Broken, ['meson', 'introspect', '--targets', build]))
    return {target['name'] for target in targets}


def build_programs(build, names):
    step(Broken, ['ninja', '-C', build, *(f'test/interop/{name}' for name in names)])
    return [build / 'test' / 'interop' / name for name in names]


def cpp_peer(work, build):
    need(('meson', 'meson'), ('ninja', 'ninja-build'), ('pkg-config', 'pkg-config'),
         ('grpc_cpp_plugin', 'protobuf-compiler-grpc'))
    try:
        version = step(Skip, ['pkg-config', '--modversion', 'grpc++']).strip()
    except Skip as error:
        raise Skip('grpc++ not found (install libgrpc++-dev)') from error
    names = ['interop_grpc_cpp_server', 'interop_grpc_cpp_client']
    if not set(names) <= targets_of(build):
        # The given build was configured without -Dinterop=true, or not at all: one of our own.
        build = work / 'build'
        if not (build / 'build.ninja').exists():
            step(Broken, ['meson', 'setup', build, ROOT, '-Dinterop=true', '-Dsamples=false'])
    server, client = build_programs(build, names)
    return Peer('cpp', f'grpc++ {version}', [server], [client])


def sluice_peer(build):
    """Our own pair, from a build with -Dinterop=true."""
    names = ['sluice_interop_server', 'sluice_interop_client']
    if not set(names) <= targets_of(build):
        raise Skip(f'{build} has no sluice_interop_server and client: meson setup {build} -Dinterop=true')
    server, client = build_programs(build, names)
    return Peer('sluice', 'this tree', [server], [client])


INSTALLERS = {'python': python_peer, 'node': node_peer, 'go': go_peer, 'cpp': cpp_peer}


def install(name, work, build):
    directory = work / name
    directory.mkdir(parents=True, exist_ok=True)
    return INSTALLERS[name](directory, build)
