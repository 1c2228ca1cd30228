# SPDX-License-Identifier: Apache-2.0
"""TLS that is old, unfinished, renegotiated, or that proves nothing."""
import functools
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
from pathlib import Path

import http2
from attack import Attack, ClientAttack, MIB
from servers import UNAVAILABLE
from slow import Slow, TIMERS
from victims import expect, wait_until

ALERT = 21
PROTOCOL_VERSION, NO_APPLICATION_PROTOCOL = 70, 120


class Certificates:
    """Made by the openssl program; gone with the run."""

    def __init__(self):
        self.place = tempfile.TemporaryDirectory(prefix='sluice-hostile-')
        self.root = self.path('root.pem')
        self._openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj',
                      '/CN=hostile root', '-days', '2', '-keyout', self.path('root.key'), '-out', self.root)
        self.good = self.issue('good', 'localhost')
        self.other_name = self.issue('other', 'elsewhere.example')
        self.expired = self.issue('expired', 'localhost', days=-1)
        self.strange = self.issue('strange', 'localhost', signed=False)

    def path(self, name):
        return str(Path(self.place.name) / name)

    def issue(self, name, host, days=1, signed=True):
        """(certificate, key)."""
        chain, key, request, names = (self.path(name + end) for end in ('.pem', '.key', '.csr', '.ext'))
        Path(names).write_text(f'subjectAltName=DNS:{host}\n')
        self._openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', f'/CN={host}',
                      '-keyout', key, '-out', request)
        issuer = ('-CA', self.root, '-CAkey', self.path('root.key')) if signed else ('-signkey', key)
        self._openssl('x509', '-req', '-in', request, *issuer, '-days', str(days), '-extfile', names,
                      '-set_serial', str(abs(hash(name))), '-out', chain)
        return chain, key

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(['openssl', *arguments], check=True, stdin=subprocess.DEVNULL, capture_output=True)


_once = threading.Lock()


@functools.lru_cache(maxsize=None)
def _certificates():
    return Certificates()


def certificates():
    with _once:
        return _certificates()


def client_context(protocols=('h2',)):
    context = ssl.create_default_context(cafile=certificates().root)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


class TlsAttack(Attack):
    """Against our server with TLS."""
    abstract = True
    more_options = ()

    @property
    def options(self):
        chain, key = certificates().good
        return ('--chain', chain, '--key', key, *self.more_options)

    @property
    def probe_options(self):
        return ('--good-roots', certificates().root)

    def through(self, sock):
        """Every connection of the runner's own, such as those that ask for the figures, speaks TLS."""
        return client_context().wrap_socket(sock, server_hostname='localhost')

    @staticmethod
    def expect_logged(at, text):
        expect(wait_until(lambda: text in at.server.said()), f'the log does not say {text!r}')

    def raw(self, at, words=b''):
        return http2.Connection(socket.create_connection(('127.0.0.1', at.port)), words)


def client_hello(version, protocols=()):
    """By hand, so that it may be older than what the runner's OpenSSL speaks."""
    extensions = struct.pack('>HHHH', 10, 4, 2, 23) + struct.pack('>HHBB', 11, 2, 1, 0)
    extensions += struct.pack('>HHHH', 13, 6, 4, 0x0401) + struct.pack('>H', 0x0201)
    if protocols:
        names = b''.join(bytes([len(name)]) + name for name in protocols)
        extensions += struct.pack('>HHH', 16, len(names) + 2, len(names)) + names
    ciphers = b'\xc0\x14\xc0\x13\xc0\x0a\xc0\x09\x00\x35\x00\x2f'
    body = (struct.pack('>H', version) + b'r' * 32 + b'\0' + struct.pack('>H', len(ciphers)) + ciphers + b'\1\0'
            + struct.pack('>H', len(extensions)) + extensions)
    message = b'\1' + len(body).to_bytes(3, 'big') + body
    return struct.pack('>BHH', 22, 0x0301, len(message)) + message


def hear_all(connection, limit=5):
    heard = bytearray()

    def hear():
        try:
            got = connection.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            got = b''
        connection.closed = not got
        heard.extend(got)

    connection._read = hear
    connection.until_closed(limit)
    return bytes(heard)


class OldVersions(TlsAttack):
    """TLS 1.0 and TLS 1.1"""

    def run(self, at):
        for version in (0x0301, 0x0302):
            with self.raw(at, client_hello(version, (b'h2',))) as connection:
                heard = hear_all(connection)
                expect(connection.closed, f'{version:#x}: not closed')
                expect(len(heard) >= 7 and heard[0] == ALERT and heard[6] == PROTOCOL_VERSION,
                       f'{version:#x}: answered {heard[:20]}')
        self.expect_logged(at, 'no TLS version')


class Protocols(TlsAttack):
    """No ALPN, and ALPN of another protocol"""

    def run(self, at):
        for protocols in ((), ('http/1.1',), ('spdy/3', 'h2c')):
            with socket.create_connection(('127.0.0.1', at.port), 5) as sock:
                try:
                    with client_context(protocols).wrap_socket(sock, server_hostname='localhost') as secure:
                        secure.send(http2.PREFACE + http2.settings())
                        heard = secure.recv(100)
                except OSError:
                    heard = b''
                expect(not heard, f'{protocols}: answered {heard}')
        self.expect_logged(at, 'offers no protocol by ALPN')
        self.expect_logged(at, 'does not offer h2 by ALPN')


class MissingCertificate(TlsAttack):
    """Clients without the certificate that the server asks for, and with one of a stranger"""

    @property
    def more_options(self):
        return ('--client-roots', certificates().root)

    @property
    def probe_options(self):
        chain, key = certificates().good
        return ('--good-roots', certificates().root, '--good-chain', chain, '--good-key', key)

    def through(self, sock):
        context = client_context()
        context.load_cert_chain(*certificates().good)
        return context.wrap_socket(sock, server_hostname='localhost')

    def run(self, at):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            for certificate in (None, certificates().strange, certificates().expired):
                context = client_context()
                context.maximum_version = version
                if certificate:
                    context.load_cert_chain(*certificate)
                try:
                    with socket.create_connection(('127.0.0.1', at.port), 5) as sock, \
                            context.wrap_socket(sock, server_hostname='localhost') as secure:
                        secure.send(http2.PREFACE + http2.settings())
                        heard = secure.recv(100)
                except OSError:
                    heard = b''
                expect(not heard, f'{version.name}, {certificate}: answered {heard}')
        self.expect_logged(at, 'certificate')


class Renegotiation(TlsAttack):
    """A client that renegotiates, with TLS 1.2"""
    busy = False

    def run(self, at):
        done = subprocess.run(['openssl', 's_client', '-connect', f'127.0.0.1:{at.port}', '-tls1_2', '-alpn', 'h2',
                               '-legacy_renegotiation'], input=b'R\n', capture_output=True, timeout=20, check=False)
        said = (done.stdout + done.stderr).decode(errors='replace')
        expect('RENEGOTIATING' in said, f'openssl says {said[-300:]}')
        expect('no renegotiation' in said or done.returncode != 0 or 'alert' in said, f'it is allowed: {said[-300:]}')


class PlaintextToTls(TlsAttack):
    """HTTP/2 without TLS, HTTP/1.1 and noise on a port of TLS"""

    def run(self, at):
        for words in (http2.PREFACE + http2.settings(), b'GET / HTTP/1.1\r\n\r\n', b'\0' * 500, b'\x16\x03' * 500):
            with self.raw(at, words) as connection:
                hear_all(connection)
                expect(connection.closed, f'not closed after {words[:16]}')
        self.expect_logged(at, 'speaks HTTP/2 without TLS')
        self.expect_logged(at, 'speaks HTTP/1.1 without TLS')
        self.expect_logged(at, 'does not speak TLS')


class TlsStall(TlsAttack, Slow):
    """300 sockets that say nothing, half of a ClientHello, or all of it and then nothing"""
    busy = False
    more_options = TIMERS
    memory = 48 * MIB  # OpenSSL's own for each handshake

    def run(self, at):
        hello = client_hello(0x0303, (b'h2',))
        held = [self.raw(at, words) for words in (b'', hello[:40], hello) for _ in range(100)]
        try:
            for number, connection in enumerate(held):
                hear_all(connection, 8 if number == 0 else 2)
            still_open = sum(not connection.closed for connection in held)
            expect(not still_open, f'{still_open} are not closed')
        finally:
            for connection in held:
                connection.sock.close()


class HandshakesAborted(TlsAttack):
    """Handshakes that are reset after the ClientHello, by the hundred"""

    def run(self, at):
        hello = client_hello(0x0303, (b'h2',))
        for _ in range(100):
            with self.raw(at, hello) as connection:
                connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))


class ServerIdentities(ClientAttack):
    """Servers with certificates that are expired, of another name, of nobody; without ALPN; with another protocol"""
    warm = False
    cases = {  # certificate, protocols, what the status must say
        'expired': ('expired', ('h2',), ('expired',)),
        'another name': ('other_name', ('h2',), ('name', 'mismatch')),
        'nobody vouches': ('strange', ('h2',), ('self', 'unable to get', 'verify')),
        'no ALPN': ('good', (), ('ALPN', 'h2')),
        'another protocol': ('good', ('http/1.1',), ('ALPN', 'h2', 'protocol')),
    }

    @property
    def options(self):
        return ('--evil-roots', certificates().root, '--connect-timeout', 3000)

    def serve(self, connection):
        chain, protocols, _ = self.case
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*getattr(certificates(), chain))
        if protocols:
            context.set_alpn_protocols(list(protocols))
        connection.sock.settimeout(5)
        with context.wrap_socket(connection.sock, server_side=True) as secure:
            secure.recv(1000)

    def run(self, at):
        for what, self.case in self.cases.items():
            found = at.fresh_call(timeout=8000)
            expect(set(found['codes']) == {UNAVAILABLE}, f'{what}: {found}')
            expect(any(word.lower() in found['text'].lower() for word in self.case[2]),
                   f'{what}: the status does not say why: {found["text"]}')


class TlsServersThatAreNone(ClientAttack):
    """Servers that answer TLS with plaintext, with noise, or not at all"""
    warm = False
    busy = False

    @property
    def options(self):
        return ('--evil-roots', certificates().root, '--connect-timeout', 1500)

    def serve(self, connection):
        connection.preface_left = 0
        if self.words is None:
            connection.sock.settimeout(5)
            connection.sock.recv(1000)
            connection._read = lambda: setattr(connection, 'closed', not connection.sock.recv(1000))
            connection.until_closed(5)
        else:
            connection.send(self.words)

    def run(self, at):
        for self.words, text in ((b'HTTP/1.1 400 Bad Request\r\n\r\n', 'speaks HTTP/1.1 without TLS'),
                                 (b'\xaa' * 1000, 'does not speak TLS'),
                                 (b'\x15\x03\x03\0\x02\x02\x28', 'handshake failure'),
                                 (http2.settings(), 'speaks HTTP/2 without TLS'), (None, 'within 1.5 s')):
            found = at.fresh_call(timeout=8000)
            expect(set(found['codes']) == {UNAVAILABLE} and text in found['text'], f'not {text!r}: {found}')

