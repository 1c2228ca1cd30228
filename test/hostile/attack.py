# SPDX-License-Identifier: Apache-2.0
"""What an attack is, and what is asserted round each: alive, memory, the well-behaved calls, descriptors, sanitizers."""
import socket
import threading
import time

import http2
from victims import Client, Disturbed, Failed, MIB, Server, expect, wait_until

# A machine that runs other things at the same time delays a call by so much without anybody's fault.
NOISE = 0.040
LASTS = 0.8       # seconds: a quick attack is repeated for as long, so that there are calls to time
BASELINE = 0.6    # seconds of well-behaved calls before
STOP_LIMIT = 15
LONGEST = 30


class Attack:
    """One line of the catalogue, against our server. The first line of its comment is what `--list` says."""
    options = ()          # the victim's flags
    memory = 8 * MIB      # most that the victim may grow by
    descriptors = None    # `ulimit -n` of the victim
    busy = True           # uses the processor: runs alone, and again until LASTS is over. False: it mostly waits
    disturbs = False      # the well-behaved calls are allowed to be slow, or to fail
    probe_options = ()    # the well-behaved client's flags
    through = staticmethod(lambda sock: sock)  # what the runner's own connections go through: TLS

    def prepare(self, at):
        """What has to be done once before the victim is measured."""

    def run(self, at):
        """Attacks once; raises Failed when the victim does not defend itself. `at`: a Place."""
        raise NotImplementedError


class Place:
    """What an attack may use."""

    def __init__(self, attack, build, sanitized):
        self.attack = attack
        self.build = build
        self.sanitized = sanitized
        self.notes = {}

    @property
    def port(self):
        return self.server.port

    def connect(self, *arguments, **named):
        return http2.connect(self.port, *arguments, through=self.attack.through, **named)

    def note(self, what, value):
        """For the table; a repeated attack's last one counts."""
        self.notes[what] = value

    def figures(self):
        """What the victim's handlers have counted: started, running, most running, reached Guarded."""
        with self.connect() as connection:
            answer = http2.call(connection, 1, '/sluice.hostile.Victim/Count')
            expect(answer.status == 0, f'the figures are not to be had: {answer}')
            counted = http2.varints(http2.messages(answer.body)[0])
        return [counted.get(field, 0) for field in (1, 2, 3, 4)]

    # ---- round the attack ----

    def measure(self):
        """Runs the attack against new victims, and asserts what holds for each. Returns what was measured."""
        with Server(self.build, self.attack.options, self.attack.descriptors) as self.server, \
                Client(self.build, good=self.server.port, options=self.attack.probe_options) as self.probe:
            self.victim = self.server
            return self._measure()

    def warm_up(self):
        """What the victim does once, it has done before it is measured."""
        with self.connect() as connection:
            body = http2.wish(b'x' * 20000, count=20)
            for stream, kind in enumerate(('Unary', 'Download', 'Upload', 'Chat')):
                http2.call(connection, 2 * stream + 1, f'/sluice.hostile.Victim/{kind}', body)

    def leave(self):
        """What the attack still holds."""

    def _measure(self):
        self.warm_up()
        self.attack.prepare(self)
        self.probe.mark()
        pause(BASELINE)
        before = self.probe.mark()
        self.memory_before = self.victim.memory()
        descriptors = self.victim.descriptors()
        self.victim.forget_peak()
        processor, began = self.victim.cpu(), time.monotonic()
        while True:
            self.attack.run(self)
            lasted = time.monotonic() - began
            expect(lasted < LONGEST, f'took {lasted:.0f} s')
            if not self.attack.busy or lasted > LASTS:
                break
        under = self.probe.mark()
        self.leave()
        measured = {'seconds': round(lasted, 2), 'cpu': round(self.victim.cpu() - processor, 2),
                    'memory': self.victim.peak() - self.memory_before, 'p99_before': before['p99'],
                    'p99': under['p99'], 'calls': under['count'], 'notes': self.notes}
        self._check(before, under, measured, descriptors)
        return measured

    def _check(self, before, under, measured, descriptors):
        attack = self.attack
        expect(self.victim.alive, f'the victim has {self.victim.why_dead()}')
        if not attack.disturbs:
            expect(under['failed'] == 0, f'{under["failed"]} well-behaved calls failed: {under["why"]}')
        wait_until(lambda: self.victim.descriptors() <= descriptors)
        now = self.victim.descriptors()
        expect(now <= descriptors, f'{now} descriptors are open, {descriptors} were before')
        if not self.sanitized:
            if not attack.disturbs:
                limit = 2 * before['p99'] + NOISE * 1e6
                expect(under['count'] > 0, 'no well-behaved call came through')
                if under['p99'] > limit:
                    raise Disturbed(f'the well-behaved calls took {under["p99"]} µs (p99), '
                                    f'{before["p99"]} before the attack')
            expect(measured['memory'] <= attack.memory,
                   f'grew by {measured["memory"] / MIB:.1f} MiB, {attack.memory / MIB:.1f} are allowed')
        for process in (self.probe, self.server):
            wrong = process.end(STOP_LIMIT)
            expect(wrong is None, f'{type(process).__name__.lower()}: {wrong}')


class ClientAttack(Attack):
    """One against our client: `serve` is the malicious server's side of each connection."""

    warm = True  # its first calls are answered as they should be

    def serve(self, connection):
        """Attacks on one connection, in a thread of its own. Its preface has been read, no SETTINGS sent."""
        raise NotImplementedError

    def place(self, build, sanitized):
        return ClientPlace(self, build, sanitized)


class ClientPlace(Place):
    """The victim is a client with a well-behaved server and an attacking one."""

    def measure(self):
        with Server(self.build) as self.server, Malice(self.attack) as self.malice, \
                Client(self.build, good=self.server.port, evil=self.malice.port,
                       options=self.attack.options) as self.probe:
            self.victim = self.probe
            return self._measure()

    def warm_up(self):
        if not self.attack.warm:
            return
        self.malice.polite = True
        for kind in ('unary', 'download', 'chat'):
            self.probe.call(kind, times=3)
        self.malice.polite = False
        self.malice.hang_up()

    def leave(self):
        self.malice.hang_up()

    def call(self, *arguments, **named):
        return self.probe.call(*arguments, **named)

    def fresh_call(self, limit=8, **named):
        """A call that learns what the server does now: while connecting fails, calls are told of the last connection."""
        before = self.malice.accepted

        def failed_anew():  # the next connection is tried when the one before it has failed
            self.call(**named)
            return self.malice.accepted >= before + 2

        expect(wait_until(failed_anew, limit), 'the client does not connect again')
        return self.call(**named)

    def expect_code(self, found, *codes):
        expect(set(found['codes']) <= set(codes), f'calls ended with {found["codes"]}, not {codes}: {found["text"]}')


class Malice:
    """A listening socket; each connection is served by the attack, in a thread."""

    def __init__(self, attack):
        self.attack = attack
        self.polite = False
        self.connections = []
        self.failures = []
        self.accepted = 0

    def __enter__(self):
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.hang_up()

    def hang_up(self):
        for connection in self.connections:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        connection = ServerConnection(sock)
        self.connections.append(connection)
        try:
            with connection:
                if self.polite:
                    connection.be_polite()
                else:
                    self.attack.serve(connection)
        except (OSError, ValueError, Failed) as error:
            self.failures.append(error)
        finally:
            self.connections.remove(connection)


class ServerConnection(http2.Connection):
    """The server's side."""

    def __init__(self, sock):
        super().__init__(sock)
        self.preface_left = len(http2.PREFACE)
        self.requests = []  # streams, in order
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _read(self):
        if self.preface_left:
            try:
                got = self.sock.recv(self.preface_left)
            except OSError:
                got = b''
            self.preface_left -= len(got)
            if not got:
                self.closed = True
            return
        super()._read()

    def on_frame(self, got):
        if got.type == http2.HEADERS:
            self.requests.append(got.stream)

    def next_request(self, limit=5):
        """The next stream that the client opens; None when none comes."""
        return self.requests.pop(0) if self.take_in(lambda: self.requests, limit) else None

    def open(self, *pairs):
        self.send(http2.settings(*pairs))

    def answer_well(self, stream, body=b''):
        self.send(http2.headers(stream, http2.block([(':status', '200'), ('content-type', 'application/grpc')]))
                  + http2.data(stream, http2.message(body))
                  + http2.headers(stream, http2.block([('grpc-status', '0')]), end=True))

    def be_polite(self):
        self.open()
        while (stream := self.next_request(60)) is not None:
            self.answer_well(stream)


def pause(seconds):
    time.sleep(seconds)  # sleep: what is measured is what happens meanwhile
