# SPDX-License-Identifier: Apache-2.0
"""The gRPC interop suite: sluice's client against each server, and each client against sluice's server, h2c and TLS.

A peer may have a gap: a case that its program does not do. Each is named in GAPS, with its reason, and proved at each
run without sluice: another client must fail the case against that server, and a client must fail it against the server
of its own library. A gap is counted as skipped; one that has closed, or is not proved, is a failure.
"""
import re
import socket
import ssl
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from suite import peers as programs
from processes import Child

CASES_FILE = Path(__file__).resolve().parent / 'cases.md'
OURS = ('concurrent_large_unary', 'large_header', 'client_stream_without_requests')
SOAK = ('rpc_soak', 'channel_soak')
COMPRESSION = ('client_compressed_unary', 'server_compressed_unary', 'client_compressed_streaming',
               'server_compressed_streaming')
SECURITIES = ('h2c', 'tls')
CLEAN = 'ends_clean'

START_LIMIT = 30
STOP_LIMIT = 3
CASE_LIMIT = 60
SOAK_LIMIT = 240
WORKERS = 3
SOAK_FLAGS = ('--soak_iterations=1000', '--soak_num_threads=4', f'--soak_overall_timeout_seconds={SOAK_LIMIT - 30}',
              '--soak_per_iteration_max_acceptable_latency_ms=5000')
NO_THREADS = ('go',)  # the client has no --soak_num_threads


@dataclass
class Gap:
    peer: str
    side: str     # the peer's 'client' or 'server'
    cases: tuple
    reason: str
    judge: str = ''  # whose client proves it, the peer's own by default; SETTINGS: what the server says in them


SETTINGS = 'SETTINGS'
NO_SERVER_ID = 'the server of the suite does not fill in server_id'
NO_LOOK = 'the server of the suite does not look at expect_compressed'
NO_FLAGS = 'the library does not tell a program whether a message came compressed'
GAPS = [
    Gap('go', 'client', COMPRESSION, 'the client of the suite has no compression cases'),
    Gap('go', 'server', COMPRESSION, f'{NO_LOOK} or response_compressed', 'cpp'),
    Gap('go', 'server', ('pick_first_unary',), NO_SERVER_ID),
    Gap('java', 'server', ('client_compressed_unary', 'client_compressed_streaming'), NO_LOOK),
    Gap('java', 'server', ('server_compressed_streaming',),
        'the server of the suite does not look at a response parameter\'s compressed, nor does its client', 'cpp'),
    Gap('java', 'server', ('pick_first_unary',), f'{NO_SERVER_ID}, and its client takes none for one', 'go'),
    Gap('java', 'server', ('large_header',), 'it takes 8 KiB of headers, and has no flag for more', SETTINGS),
    Gap('node', 'client', COMPRESSION[1:], f'{NO_FLAGS}, and compresses whole channels only'),
    Gap('node', 'server', COMPRESSION, f'{NO_LOOK} or response_compressed', 'cpp'),
    Gap('node', 'server', ('pick_first_unary',), NO_SERVER_ID),
    Gap('python', 'client', COMPRESSION[1:], f'{NO_FLAGS}, and compresses whole calls only'),
    Gap('python', 'server', ('client_compressed_unary', 'client_compressed_streaming'), NO_FLAGS, 'cpp'),
]


def read_cases():
    return re.findall(r'^\| `(\w+)` \|', CASES_FILE.read_text(), re.M)


def gap_of(peer, side, case):
    return next((gap for gap in GAPS if (gap.peer, gap.side) == (peer, side) and case in gap.cases), None)


def label_of(client, server, security):
    """The pair as the results have it."""
    return (client, server if security == 'h2c' else f'{server} {security}')


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


def connects(port):
    try:
        socket.create_connection(('127.0.0.1', port), timeout=1).close()
        return True
    except OSError:
        return False


class Serving(Child):
    """A server of the suite on a free port; `port` is None when it did not come up."""

    def __init__(self, program, certificates, logs):
        self.port = free_port()
        super().__init__(program.server_command(self.port, certificates), program.env,
                         logs / f'suite-{program.name}-server.log')

    def __enter__(self):
        end = time.monotonic() + START_LIMIT
        while not connects(self.port):
            if self.process.poll() is not None or time.monotonic() > end:
                self.port = None
                break
            time.sleep(0.05)  # sleep: programs of others do not all say when they listen
        return self

    def stop(self, must_be_clean):
        """Why the server's end is wrong; None when it is not."""
        code = self.process.poll()
        if code is not None:
            return f'the server had ended with exit code {code}'
        self.signal(15)
        code = self.await_end(STOP_LIMIT)
        if must_be_clean and code != 0:
            return f'the server ended with {code} on SIGTERM'
        return None


def run_client(program, port, case, certificates, log):
    """Why the case failed; None when it passed."""
    more = ()
    if case in SOAK:
        more = [flag for flag in SOAK_FLAGS if not (program.name in NO_THREADS and 'threads' in flag)]
    command = program.client_command(port, case, certificates, more)
    limit = SOAK_LIMIT if case in SOAK else CASE_LIMIT
    with Child(command, program.env, log) as client:
        code = client.await_end(limit)
        lines = client.lines
    if code == 0:
        return None
    if code is None:
        return f'not over after {limit} s'
    said = [line.strip() for line in (*lines, *log.read_text(errors='replace').splitlines()) if line.strip()]
    telling = [line for line in said if re.search(r'exception|error|fatal|unsupported|unknown|: ', line, re.I)]
    why = (telling or said or [f'exit code {code}'])[-1 if telling and program.name != 'java' else 0]
    return re.sub(r'^\d{4}/\d\d/\d\d [\d:]+ ', '', why)[:300]


def header_limit(port, certificates):
    """SETTINGS_MAX_HEADER_LIST_SIZE, as the server at the port says it."""
    with socket.create_connection(('127.0.0.1', port), timeout=10) as plain:
        stream = plain
        if certificates:
            context = ssl.create_default_context(cafile=certificates.ca)
            context.set_alpn_protocols(['h2'])
            stream = context.wrap_socket(plain, server_hostname=programs.HOST)
        stream.sendall(b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + b'\0\0\0\4\0\0\0\0\0')
        got = b''
        while len(got) < 9 or len(got) < 9 + int.from_bytes(got[:3], 'big'):
            piece = stream.recv(4096)
            if not piece:
                return None
            got += piece
    settings = got[9:9 + int.from_bytes(got[:3], 'big')]
    return dict(struct.iter_unpack('>HI', settings)).get(6)


class Matrix:
    def __init__(self, options, cases, results, logs):
        self.options = options
        self.cases = cases
        self.results = results
        self.logs = logs
        self.lock = threading.Lock()
        self.ready = {}
        self.unready = {}
        self.proofs = {}  # (peer, side, security, case) -> what shows that the peer is at fault, or None
        self.certificates = {'h2c': None, 'tls': None}
        self.said = {}    # (client, server, security, case) -> the proved gap

    def install(self):
        self.ready['sluice'] = programs.sluice(self.options.work, self.options.build)
        for name in (name for name in programs.INSTALLERS if name in self.options.peers):
            try:
                self.ready[name] = programs.install(name, self.options.work, self.options.build)
                print(f'suite, {name}: {self.ready[name].library}', flush=True)
            except programs.Skip as reason:
                self.unready[name] = ('skipped', str(reason))
                print(f'skipped suite, {name}: {reason}', flush=True)
            except programs.Broken as reason:
                self.unready[name] = ('failed', str(reason))
        self.certificates['tls'] = programs.certificates(self.options.work, self.ready)

    def pairs(self):
        named = [name for name in programs.INSTALLERS if name in self.options.peers]
        both = [('sluice', 'sluice')] + [pair for name in named for pair in (('sluice', name), (name, 'sluice'))]
        return [(client, server, security) for security in self.options.securities for client, server in both]

    def cases_of(self, client):
        if client in self.ready and not self.ready[client].own_cases:
            return [case for case in self.cases if case not in OURS]
        return self.cases

    def run(self):
        for pair in self.pairs():  # in this order in the table, whoever ends first
            self.results.cells[label_of(*pair)] = {}
        with ThreadPoolExecutor(WORKERS) as pool:
            proving = [pool.submit(self.prove, peer, security) for peer in self.ready
                       for security in self.options.securities]
            for each in proving:
                each.result()
            running = [pool.submit(self.run_pair, *pair) for pair in self.pairs()]
            for each in running:
                each.result()

    def prove(self, peer, security):
        """Looks for what shows, without sluice, that the peer is at fault for its gaps."""
        gaps = [(gap, case) for gap in GAPS if gap.peer == peer for case in gap.cases if case in self.cases]
        if not gaps:
            return
        certificates, log = self.certificates[security], self.logs / f'suite-{peer}-{peer}-{security}.log'
        with Serving(self.ready[peer], certificates, self.logs) as server:
            for gap, case in gaps:
                proof = server.port and self.proof(gap, case, server.port, certificates, log)
                self.proofs[peer, gap.side, security, case] = proof
            server.stop(False)

    def proof(self, gap, case, port, certificates, log):
        if gap.judge == SETTINGS:
            limit = header_limit(port, certificates)
            return f'its SETTINGS allow {limit} bytes of headers' if limit and limit < 63 * 1024 else None
        judge = gap.judge or gap.peer
        if judge not in self.ready:  # said where the gap is shown
            return None
        log.unlink(missing_ok=True)
        why = run_client(self.ready[judge], port, case, certificates, log)
        return why and f'{self.ready[judge].library}\'s client against {self.ready[gap.peer].library}\'s server: {why}'

    def run_pair(self, client, server, security):
        label = label_of(client, server, security)
        absent = next((name for name in (client, server) if name in self.unready), None)
        if absent:
            for case in [*self.cases_of(client), CLEAN]:
                self.add(label, case, *self.unready[absent])
            return
        certificates = self.certificates[security]
        log = self.logs / f'suite-{client}-{server}-{security}.log'
        with Serving(self.ready[server], certificates, self.logs) as serving:
            if serving.port is None:
                for case in [*self.cases_of(client), CLEAN]:
                    self.add(label, case, 'failed', f'the server did not listen within {START_LIMIT} s')
                return
            for case in self.cases_of(client):
                log.unlink(missing_ok=True)
                why = run_client(self.ready[client], serving.port, case, certificates, log)
                self.judge(label, client, server, security, case, why)
            wrong = serving.stop(must_be_clean=server == 'sluice')
        self.add(label, CLEAN, 'failed' if wrong else 'passed', wrong)

    def judge(self, label, client, server, security, case, why):
        peer, side = (server, 'server') if client == 'sluice' else (client, 'client')
        gap = gap_of(peer, side, case)
        if gap is None:
            self.add(label, case, 'failed' if why else 'passed', why)
        elif why is None:
            self.add(label, case, 'failed', 'it passes, and suite/matrix.py lists it as a gap')
        elif gap.judge in programs.INSTALLERS and gap.judge not in self.ready:
            self.add(label, case, 'skipped', f'{gap.reason}; the client that proves it is not here: {gap.judge}')
        elif self.proofs.get((peer, side, security, case)) is None:
            self.add(label, case, 'failed', f'{why} (listed as a gap: {gap.reason}; but not proved)')
        else:
            proof = self.proofs[peer, side, security, case]
            self.said[client, server, security, case] = (gap, proof)
            self.add(label, case, 'skipped', f'{gap.reason}; proof: {proof}')

    def add(self, *cell):
        with self.lock:
            self.results.add(*cell)
