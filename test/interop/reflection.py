# SPDX-License-Identifier: Apache-2.0
"""The reflection service, judged by grpcurl (which asks v1) and by grpcio-reflection of Python (v1alpha).

They know nothing of the suite's messages but what sluice's interop_server tells them.
"""
import json
import re
import subprocess
from pathlib import Path

import peers
from peers import Skip, need, once, step
from processes import Child

GRPCURL = 'github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4'
CASES = ('reflection_list', 'reflection_describe', 'reflection_call', 'reflection_unknown')
SERVICES = {'grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection',
            'grpc.reflection.v1alpha.ServerReflection', 'grpc.testing.TestService'}
LIMIT = 60


class Failed(Exception):
    """What a case did not see."""


def expect(fact, why):
    if not fact:
        raise Failed(why)


class Grpcurl:
    def __init__(self, program, port):
        self.command = [program, '-plaintext']
        self.address = f'127.0.0.1:{port}'

    def run(self, *words, options=(), code=0):
        done = subprocess.run([*self.command, *options, self.address, *words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT)
        expect((done.returncode == 0) == (code == 0), f'{" ".join(words)}: {done.stdout.strip()[:200]}')
        return done.stdout

    def reflection_list(self):
        listed = set(self.run('list').split())
        expect(listed == SERVICES, f'listed {sorted(listed)}')

    def reflection_describe(self):
        """Every service, and every type that their descriptions name, and so on."""
        todo, seen = sorted(SERVICES), set()
        while todo:
            name = todo.pop()
            seen.add(name)
            text = self.run('describe', name)
            expect(text.startswith(f'{name} is a'), f'{name}: {text[:100]}')
            todo += sorted(set(re.findall(r'\.((?:grpc|google)\.[\w.]+)', text)) - seen - set(todo))
        for name in ('grpc.testing.StreamingOutputCallRequest', 'grpc.testing.PayloadType',
                     'grpc.health.v1.HealthListResponse', 'grpc.reflection.v1.ErrorResponse'):
            expect(name in seen, f'{name} was never named')
        self.run('describe', 'grpc.testing.TestService.UnaryCall')
        self.run('describe', 'grpc.testing.Payload.body')

    def reflection_call(self):
        said = self.run('grpc.testing.TestService/UnaryCall', options=['-d', '{"responseSize": 3}'])
        expect(json.loads(said)['payload']['body'] == 'AAAA', said)
        two = '{"responseParameters": [{"size": 3}]}' * 2
        said = self.run('grpc.testing.TestService/FullDuplexCall', options=['-d', two])
        expect(said.count('AAAA') == 2, said)
        said = self.run('grpc.health.v1.Health/Check')
        expect(json.loads(said) == {'status': 'SERVING'}, said)

    def reflection_unknown(self):
        said = self.run('describe', 'grpc.testing.Nothing', code=1)
        expect('not found' in said.lower(), said)


def grpcurl_cases(work, port):
    need(('go', 'golang'))
    directory = work / 'grpcurl'
    directory.mkdir(parents=True, exist_ok=True)
    env = {'GOTOOLCHAIN': 'local', 'GOBIN': str(directory)}
    once(directory, 'installed', [GRPCURL], lambda: step(Skip, ['go', 'install', GRPCURL], env=env))
    judge = Grpcurl(directory / 'grpcurl', port)
    results = {}
    for name in CASES:
        try:
            getattr(judge, name)()
            results[name] = None
        except (Failed, ValueError, KeyError, subprocess.TimeoutExpired) as error:
            results[name] = str(error).replace('\n', ' ')
    return results


def python_cases(work, port, build, logs):
    peer = peers.install('python', work, build)
    log = logs / 'reflection-python.log'
    script = Path(__file__).parent / 'python' / 'reflection.py'
    command = [peer.client[0], script, f'127.0.0.1:{port}', *sorted(SERVICES)]
    with Child(command, peer.env, log) as client:
        client.await_end(LIMIT)
    found = dict(match.groups() for match in (re.fullmatch(r'(\w+): (.*)', line) for line in client.lines) if match)
    return {name: None if found.get(name) == 'ok' else found.get(name, f'not reported (see {log})') for name in CASES}


def run(options, serving, results, logs):
    """`serving`: sluice's interop_server, which runs."""
    judges = {'grpcurl': lambda: grpcurl_cases(options.work, serving.port),
              'python': lambda: python_cases(options.work, serving.port, options.build, logs)}
    for name, judge in judges.items():
        try:
            cases = judge()
        except Skip as reason:
            print(f'skipped reflection, {name}: {reason}', flush=True)
            for case in CASES:
                results.add((name, 'sluice'), case, 'skipped', str(reason))
            continue
        for case, why in cases.items():
            results.add((name, 'sluice'), case, 'failed' if why else 'passed', why)
