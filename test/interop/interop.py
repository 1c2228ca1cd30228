#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs sluice against gRPC libraries that others wrote, in both directions.

  own  our cases, which are harder in places (cases.md), and programs that know HTTP/2 alone
  suite  the gRPC interop suite, with its own programs where they can be had, h2c and TLS (suite/cases.md)
  proxies  nginx, HAProxy, nghttpx and Caddy between sluice's client and server (proxies.py)
  reflection  grpcurl and Python's grpcio-reflection against the reflection service (reflection.py)

A peer whose toolchain or registry is not there is skipped, with its reason. Exit code: 0 when everything
that ran has passed, 1 when something failed or nothing ran, 2 for bad arguments or when sluice's own programs
are not built.
"""
import argparse
import json
import re
import signal
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # for test/support

import peers  # noqa: E402
import plain_http2  # noqa: E402
import proxies  # noqa: E402
import reflection  # noqa: E402
from suite import matrix, page  # noqa: E402
from processes import START_LIMIT, Server, run_client  # noqa: E402

HTTP2 = 'nghttp2'
CLEAN = 'ends_clean'  # not a case of a client: how both programs ended
WIDTH = 120

# Races between two libraries that are no fault of the peers: (client, server, case), what the failure looks
# like, and why. A failure that looks so is shown as skipped. Nothing with sluice in it belongs here.
LIBRARY_RACES = [
    ((client, 'go', 'deadline'),
     r'\w+: (CANCELLED|code 1) \((Call cancelled|.*RST_STREAM.* 8.*)\), not .*',
     'grpc-go ends the stream with RST_STREAM CANCEL at its own deadline; when that overtakes the timer of '
     'the client, the library says CANCELLED')
    for client in ('python', 'node', 'cpp')
]


def read_cases():
    """The names from the tables of cases.md: those of gRPC clients, and those of nghttp and h2load."""
    grpc, http2 = [], []
    for name in re.findall(r'^\| `(\w+)` \|', (peers.HERE / 'cases.md').read_text(), re.M):
        (http2 if name.startswith(('nghttp_', 'h2load_')) else grpc).append(name)
    return grpc, http2


def arguments(cases):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    everyone = list(dict.fromkeys([*peers.INSTALLERS, *matrix.programs.INSTALLERS, HTTP2]))

    def some_of(known):
        def parse(text):
            chosen = [word for word in text.split(',') if word]
            unknown = [word for word in chosen if word not in known]
            if unknown or not chosen:
                wrong = ', '.join(unknown) or 'nothing'
                raise argparse.ArgumentTypeError(f'{wrong} is not of {", ".join(known)}')
            return chosen
        return parse

    parser.add_argument('--only', type=some_of(PARTS), default=list(PARTS), metavar='A,B',
                        help=f'these parts alone, of {", ".join(PARTS)}')
    parser.add_argument('--peers', type=some_of(everyone), default=everyone, metavar='A,B',
                        help=f'these alone, of {", ".join(everyone)}')
    parser.add_argument('--cases', type=some_of(cases), metavar='A,B', help='these alone')
    parser.add_argument('--securities', type=some_of(matrix.SECURITIES), default=matrix.SECURITIES, metavar='A,B',
                        help='of the suite: h2c, tls, or both')
    parser.add_argument('--page', type=Path, metavar='FILE',
                        help='write the suite\'s results as a page, when all of it ran')
    parser.add_argument('--peers-only', action='store_true',
                        help='of part own, without sluice: every peer against every peer, which proves the peers')
    parser.add_argument('--build', type=Path, default=peers.ROOT / 'build', metavar='DIR',
                        help='a Meson build directory with -Dinterop=true (default: build)')
    parser.add_argument('--work', type=Path, metavar='DIR',
                        help='where the peers are installed and kept (default: BUILD/interop)')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write every result to this file too')
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.work = (options.work or options.build / 'interop').resolve()
    return options


class Results:
    def __init__(self):
        self.cells = {}  # (client, server) -> {case: (outcome, why)}

    def add(self, pair, case, outcome, why=None):
        for place, looks, reason in LIBRARY_RACES:
            if outcome == 'failed' and place == (*pair, case) and re.fullmatch(looks, why):
                outcome, why = 'skipped', reason
                print(f'skipped {pair[0]} -> {pair[1]} {case}: {reason}', flush=True)
        self.cells.setdefault(pair, {})[case] = (outcome, why)
        if outcome == 'failed':
            print(f'FAIL {pair[0]} -> {pair[1]} {case}: {why}', flush=True)

    def count(self, outcome):
        return sum(cell[0] == outcome for cells in self.cells.values() for cell in cells.values())

    def table(self, cases):
        """Cases down, pairs across with the client's name over the server's; in parts that fit a screen."""
        first = max(map(len, [*cases, 'server']))
        parts, room = [], 0
        for pair in self.cells:
            need = max(map(len, pair)) + 2
            if not parts or need > room:
                parts.append([])
                room = WIDTH - first
            parts[-1].append(pair)
            room -= need
        return '\n\n'.join(self.part(pairs, cases, first) for pairs in parts)

    def part(self, pairs, cases, first):
        shown = {'passed': 'ok', 'failed': 'FAIL', 'skipped': 'skip'}
        widths = [max(*map(len, pair), 4) for pair in pairs]

        def row(name, words):
            cells = '  '.join(word.ljust(width) for word, width in zip(words, widths))
            return f'{name.ljust(first)}  {cells}'.rstrip()

        def word(pair, case):
            return shown[self.cells[pair][case][0]] if case in self.cells[pair] else '-'

        lines = [row('client', [pair[0] for pair in pairs]), row('server', [pair[1] for pair in pairs])]
        for case in cases:
            if any(case in self.cells[pair] for pair in pairs):
                lines.append(row(case, [word(pair, case) for pair in pairs]))
        return '\n'.join(lines)

    def rows(self, part):
        return [{'part': part, 'client': client, 'server': server, 'case': case, 'outcome': outcome, 'why': why}
                for (client, server), cells in self.cells.items()
                for case, (outcome, why) in cells.items()]


class Runner:
    def __init__(self, options, grpc_cases, http2_cases):
        self.options = options
        wanted = options.cases or [*grpc_cases, *http2_cases]
        self.grpc_cases = [case for case in grpc_cases if case in wanted]
        self.http2_cases = [case for case in http2_cases if case in wanted]
        self.whole = len(self.grpc_cases) == len(grpc_cases)
        self.results = Results()
        self.ready = {}      # name -> Peer
        self.unready = {}    # name -> (outcome, reason)
        self.logs = logs_of(options)

    def install(self):
        for name in [peer for peer in self.options.peers if peer in peers.INSTALLERS]:
            try:
                self.ready[name] = peers.install(name, self.options.work, self.options.build)
                print(f'{name}: {self.ready[name].library}', flush=True)
            except peers.Skip as reason:
                self.unready[name] = ('skipped', str(reason))
                print(f'skipped {name}: {reason}', flush=True)
            except peers.Broken as reason:
                self.unready[name] = ('failed', str(reason))
        if HTTP2 in self.options.peers and plain_http2.missing():
            self.unready[HTTP2] = ('skipped', plain_http2.missing())
            print(f'skipped {HTTP2}: {plain_http2.missing()}', flush=True)

    def pairs(self):
        """(client, server), by name."""
        named = [name for name in self.options.peers if name in peers.INSTALLERS]
        if self.options.peers_only:
            pairs = [(client, server) for client in named for server in named]
            servers = named
        else:
            pairs = [('sluice', 'sluice')]
            pairs += [('sluice', name) for name in named] + [(name, 'sluice') for name in named]
            servers = ['sluice']
        if HTTP2 in self.options.peers:
            pairs += [(HTTP2, server) for server in servers]
        return [pair for pair in pairs if self.cases_of(pair)]

    def cases_of(self, pair):
        return self.http2_cases if pair[0] == HTTP2 else self.grpc_cases

    def run(self):
        for pair in self.pairs():
            absent = next((name for name in pair if name in self.unready), None)
            if absent is None:
                self.run_pair(pair)
                continue
            for case in [*self.cases_of(pair), CLEAN]:
                self.results.add(pair, case, *self.unready[absent])

    def run_pair(self, pair):
        client, server = pair
        cases = self.cases_of(pair)
        with Server(self.ready[server], self.logs) as serving:
            if serving.port is None:
                why = f'the server did not listen within {START_LIMIT} s'
                if serving.process.poll() is not None:
                    why = f'the server ended with exit code {serving.process.returncode} before it listened'
                for case in [*cases, CLEAN]:
                    self.results.add(pair, case, 'failed', why)
                return
            wrong = None
            if client == HTTP2:
                results = plain_http2.run_cases(serving.port, cases, self.options.work)
            elif self.whole:
                results, wrong = run_client(self.ready[client], serving.port, 'all', cases, self.logs)
            else:
                results = {}
                for case in cases:
                    one, wrong_now = run_client(self.ready[client], serving.port, case, [case], self.logs)
                    results.update(one)
                    wrong = wrong or wrong_now
            wrong = serving.stop() or wrong
        for case in cases:
            self.results.add(pair, case, 'failed' if results[case] else 'passed', results[case])
        unknown = [case for case in results if case not in cases]
        if unknown:
            wrong = wrong or f'the client reports cases that cases.md has not: {", ".join(unknown)}'
        self.results.add(pair, CLEAN, 'failed' if wrong else 'passed', wrong)


def interrupted(_number, _frame):
    raise KeyboardInterrupt


class Done:
    """What ran, part by part; also when it was interrupted."""

    def __init__(self):
        self.results = {}
        self.libraries = {}
        self.suite = None

    def begin(self, part, results=None):
        self.results[part] = results or Results()
        return self.results[part]

    def totals(self):
        return {outcome: sum(results.count(outcome) for results in self.results.values())
                for outcome in ('passed', 'failed', 'skipped')}

    def as_json(self, seconds):
        rows = [row for part, results in self.results.items() for row in results.rows(part)]
        whole = {**self.totals(), 'seconds': round(seconds, 1), 'peers': self.libraries, 'results': rows}
        return json.dumps(whole, indent=1)


def libraries_of(ready, unready):
    return {**{name: {'library': peer.library} for name, peer in ready.items()},
            **{name: {outcome: reason} for name, (outcome, reason) in unready.items()}}


def run_own(options, done):
    grpc_cases, http2_cases = read_cases()
    runner = Runner(options, grpc_cases, http2_cases)
    done.begin('own', runner.results)
    try:
        if not options.peers_only:
            runner.ready['sluice'] = peers.sluice_peer(options.build)
        runner.install()
        runner.run()
    finally:
        done.libraries['own'] = libraries_of(runner.ready, runner.unready)
        print('\n' + runner.results.table([*grpc_cases, *http2_cases, CLEAN]) + '\n', flush=True)


def run_suite(options, done):
    cases = matrix.read_cases()
    wanted = [case for case in cases if case in (options.cases or cases)]
    whole = matrix.Matrix(options, wanted, done.begin('suite'), logs_of(options))
    try:
        whole.install()
        whole.run()
    finally:
        done.libraries['suite'] = libraries_of(whole.ready, whole.unready)
        print('\n' + whole.results.table([*cases, CLEAN]) + '\n', flush=True)
    done.suite = whole


def run_reflection(options, done):
    results, logs = done.begin('reflection'), logs_of(options)
    with matrix.Serving(matrix.programs.sluice(options.work, options.build), None, logs) as serving:
        if serving.port is None:
            raise peers.Broken('interop_server did not listen')
        reflection.run(options, serving, results, logs)
    print('\n' + results.table(reflection.CASES) + '\n', flush=True)


def run_proxies(options, done):
    cases = [case for case in read_cases()[0] if case in (options.cases or read_cases()[0])]
    results = done.begin('proxies')
    proxies.run(options, cases, results, logs_of(options))
    print('\n' + results.table([*cases, proxies.EARLY]) + '\n', flush=True)


def logs_of(options):
    logs = options.work / 'logs'
    logs.mkdir(parents=True, exist_ok=True)
    return logs


PARTS = {'own': run_own, 'suite': run_suite, 'proxies': run_proxies, 'reflection': run_reflection}


def main():
    options = arguments([case for cases in (*read_cases(), matrix.read_cases()) for case in cases])
    signal.signal(signal.SIGTERM, interrupted)
    begun = time.monotonic()
    done, code = Done(), None
    try:
        for part in PARTS:
            if part in options.only:
                PARTS[part](options, done)
    except (peers.Skip, peers.Broken) as reason:
        print(f'interop: {reason}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('\ninterrupted: what follows is what ran until then', flush=True)
        code = 130
    if options.page and done.suite and code is None:
        page.write(options.page, done.suite, matrix.read_cases(), done.results.get('proxies'))
    totals = done.totals()
    if totals['failed']:
        print(f'what the programs said is in {logs_of(options)}')
    if options.json:
        options.json.write_text(done.as_json(time.monotonic() - begun) + '\n')
    print(', '.join(f'{number} {outcome}' for outcome, number in totals.items()))
    if code is None:
        code = 1 if totals['failed'] or not totals['passed'] else 0
    return code


if __name__ == '__main__':
    sys.exit(main())
