# SPDX-License-Identifier: Apache-2.0
"""Installs the programs of the gRPC interop suite, each implementation's from its own registry, with pinned versions.

As in ../peers.py, one that cannot be had raises `Skip` with the reason, one that does not build raises `Broken`.
"""
import os
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import peers
from peers import Broken, Skip, need, once, step

HERE = Path(__file__).resolve().parent
GRPC_PROTO = Path('/usr/share/grpc-proto')
PROTOS = [GRPC_PROTO / 'grpc' / 'testing' / f'{name}.proto' for name in ('empty', 'messages', 'test')]
JAVA = '1.79.0'
HOST = 'foo.test.google.fr'  # what every certificate here is for


@dataclass
class Certificates:
    """One certificate of a server, and whom to trust for it."""
    ca: Path
    chain: Path
    key: Path


@dataclass
class Program:
    """An implementation's client and server, which take the suite's flags."""
    name: str
    library: str
    server: list
    client: list
    env: dict = field(default_factory=dict)
    embedded_certificates: bool = False  # and no flags for others
    own_cases: bool = True               # the client knows the cases that are ours

    def server_command(self, port, certificates):
        command = [*self.server, f'--port={port}', f'--use_tls={truth(certificates)}']
        if certificates and not self.embedded_certificates:
            command += [f'--tls_cert_file={certificates.chain}', f'--tls_key_file={certificates.key}']
        return command

    def client_command(self, port, case, certificates, more=()):
        command = [*self.client, '--server_host=127.0.0.1', f'--server_port={port}', f'--test_case={case}',
                   f'--use_tls={truth(certificates)}', *more]
        if certificates:
            command += ['--use_test_ca=true', f'--server_host_override={HOST}']
            if not self.embedded_certificates:
                command.append(f'--ca_file={certificates.ca}')
        return command


def truth(value):
    return 'true' if value else 'false'


def need_protos():
    if not PROTOS[0].exists():
        raise Skip(f'no {PROTOS[0]} (install grpc-proto)')


def sluice(_work, build):
    names = ['suite/interop_server', 'suite/interop_client']
    server, client = built(build, names, 'meson setup -Dinterop=true, with grpc-proto installed')
    return Program('sluice', 'this tree', [server], [client])


def cpp(_work, build):
    try:
        version = step(Skip, ['pkg-config', '--modversion', 'grpc++']).strip()
    except Skip as error:
        raise Skip('grpc++ not found (install libgrpc++-dev)') from error
    names = ['suite/interop_grpc_server', 'suite/interop_grpc_client']
    server, client = built(build, names, 'install libgrpc++-dev, protobuf-compiler-grpc and grpc-proto')
    return Program('cpp', f'grpc++ {version}', [server], [client])


def built(build, names, otherwise):
    """The programs, which the build directory must know."""
    if not {Path(name).name for name in names} <= peers.targets_of(build):
        raise Skip(f'{build} has no {" and ".join(names)} ({otherwise})')
    return peers.build_programs(build, names)


def go(work, _build):
    need(('go', 'golang'))
    version = re.search(r'google.golang.org/grpc (\S+)', (peers.HERE / 'go' / 'go.mod').read_text()).group(1)
    programs = [work / name / name for name in ('server', 'client')]
    env = {'GOTOOLCHAIN': 'local'}

    def install():
        for program in programs:
            step(Skip, ['go', 'install', f'google.golang.org/grpc/interop/{program.name}@{version}'],
                 env={**env, 'GOBIN': str(program.parent)})

    once(work, 'installed', [version, step(Skip, ['go', 'version'], env=env)], install)
    return Program('go', f'grpc-go {version}', *([program] for program in programs), own_cases=False)


def java(work, _build):
    need(('java', 'default-jre-headless'), ('mvn', 'maven'))
    home = work / f'grpc-interop-testing-{JAVA}'

    def install():
        step(Skip, ['mvn', '-q', '-B', 'dependency:copy', f'-Dartifact=io.grpc:grpc-interop-testing:{JAVA}:zip',
                    f'-DoutputDirectory={work}'])
        with zipfile.ZipFile(work / f'{home.name}.zip') as archive:
            archive.extractall(work)
        for program in ('test-server', 'test-client'):
            (home / 'bin' / program).chmod(0o755)

    once(work, 'installed', [JAVA], install)
    # A case is a process of one second: it starts sooner with the small compiler and collector.
    options = {'JAVA_OPTS': '-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto'}
    server, client = home / 'bin' / 'test-server', home / 'bin' / 'test-client'
    return Program('java', f'grpc-java {JAVA}', [server], [client], options, embedded_certificates=True,
                   own_cases=False)


def python(work, build):
    need_protos()
    peer = peers.install('python', work.parent, build)
    interpreter, generated = peer.client[0], work / 'generated'

    def generate():
        # Flat: a package named grpc.testing would hide the library's.
        peers.fresh(generated)
        for proto in PROTOS:
            (generated / proto.name).write_text(proto.read_text().replace('import "grpc/testing/', 'import "'))
        step(Broken, [interpreter, '-m', 'grpc_tools.protoc', f'-I{generated}', f'--python_out={generated}',
                      f'--grpc_python_out={generated}', *(proto.name for proto in PROTOS)])

    once(work, 'generated-by', [peer.library, *PROTOS], generate)
    source = HERE / 'python'
    return Program('python', peer.library, [interpreter, source / 'server.py'], [interpreter, source / 'client.py'],
                   {'PYTHONPATH': str(generated), 'PYTHONDONTWRITEBYTECODE': '1'})


def node(work, build):
    need_protos()
    peer = peers.install('node', work.parent, build)
    programs = work.parent / 'node' / 'suite'  # where it finds the modules
    peers.fresh(programs)
    for file in (HERE / 'node').iterdir():
        (programs / file.name).write_text(file.read_text())
    return Program('node', peer.library, ['node', '--no-deprecation', programs / 'server.js'],
                   ['node', programs / 'client.js'], {'GRPC_PROTO': str(GRPC_PROTO)})


INSTALLERS = {'go': go, 'java': java, 'node': node, 'python': python, 'cpp': cpp}


def install(name, work, build):
    directory = work / f'suite-{name}'
    directory.mkdir(parents=True, exist_ok=True)
    return INSTALLERS[name](directory, build)


def certificates(work, ready):
    """Those that grpc-java has inside, which takes no others; without it, some of our own."""
    directory = work / 'certificates'
    directory.mkdir(exist_ok=True)
    found = Certificates(directory / 'ca.pem', directory / 'server1.pem', directory / 'server1.key')
    if 'java' in ready:
        jar = next(ready['java'].client[0].parent.parent.glob('lib/grpc-testing-*.jar'))
        with zipfile.ZipFile(jar) as archive:
            for path in (found.ca, found.chain, found.key):
                path.write_bytes(archive.read(f'certs/{path.name}'))
    else:
        once(directory, 'made', [HOST], lambda: make_certificates(found))
    return found


def make_certificates(to):
    need(('openssl', 'openssl'))
    request, extensions = to.chain.with_suffix('.csr'), to.chain.with_suffix('.ext')
    key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    extensions.write_text(f'subjectAltName=DNS:{HOST}\n')
    authority = to.ca.with_suffix('.key')
    step(Broken, ['openssl', 'req', '-x509', *key, '-keyout', authority, '-out', to.ca, '-subj', '/CN=sluice test CA',
                  '-days', '3650'])
    step(Broken, ['openssl', 'req', *key, '-keyout', to.key, '-out', request, '-subj', f'/CN={HOST}'])
    step(Broken, ['openssl', 'x509', '-req', '-in', request, '-CA', to.ca, '-CAkey', authority, '-CAcreateserial',
                  '-out', to.chain, '-days', '3650', '-extfile', extensions])
    os.chmod(to.key, 0o600)
