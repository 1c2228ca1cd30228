# SPDX-License-Identifier: Apache-2.0
"""Requests that are wrong in one thing each, and what becomes of them: tables."""
import http2
from attack import Attack
from victims import expect

VICTIM = '/sluice.hostile.Victim/'


class Table(Attack):
    """Rows of (what, header block, body, result); a result is a gRPC code, 'reset', 'http NNN', or 'goaway'."""
    abstract = True

    def rows(self):
        raise NotImplementedError

    def run(self, at):
        self.wrong = []
        for what, block, body, wanted in self.rows():
            self.check(at, what, block, body, wanted)
        expect(not self.wrong, '; '.join(self.wrong))
        at.note('rows', len(list(self.rows())))

    def check(self, at, what, block, body, wanted):
        """Each on a connection of its own; where only the call may suffer, one more call is made on it."""
        with at.connect() as connection:
            coded = block if isinstance(block, bytes) else http2.block(block)
            connection.send(http2.headers(1, coded) + http2.data(1, body, end=True))
            connection.take_in(lambda: connection.closed or connection.goaway or connection.answer(1).ended
                               or connection.answer(1).error not in (None, 0))
            got = self.result(connection)
            if got != wanted:
                self.wrong.append(f'{what}: {got}, not {wanted} ({connection.answer(1)})')
            elif got != 'goaway':
                after = http2.call(connection, 3)
                if after.status != 0:
                    self.wrong.append(f'{what}: the next call fails too: {after}')

    @staticmethod
    def result(connection):
        found = connection.answer(1)
        if found.status is not None and found.get(':status') == '200':
            return found.status
        if found.get(':status'):
            return f'http {found.get(":status")}'
        if connection.goaway:
            return 'goaway'
        return 'reset' if found.error is not None else 'nothing'


def changed(**changes):
    return http2.request_fields(**changes)


class HeaderTable(Table):
    """Keys and values that are reserved, malformed, doubled or at their limits"""

    def rows(self):
        ok = http2.wish(b'ok')
        plain = changed()
        for what, fields, wanted in (
                ('an upper-case key', plain + [('X-Key', 'v')], 'reset'),
                ('a key that is not ASCII', plain + [('schlüssel', 'v')], 'reset'),
                ('a key with a space', plain + [('a b', 'v')], 'reset'),
                ('a value that is not ASCII', plain + [('x-key', 'Wörter')], 0),
                ('a value with NUL', plain + [('x-key', 'a\0b')], 'reset'),
                ('a value with a line end', plain + [('x-key', 'a\r\nb: c')], 'reset'),
                ('an empty value', plain + [('x-key', '')], 0),
                ('a reserved key', plain + [('grpc-secret', 'v')], 0),
                ('grpc-status in a request', plain + [('grpc-status', '3')], 0),
                ('a bad percent in grpc-message', plain + [('grpc-message', '%zz%')], 0),
                ('bad base64', plain + [('x-key-bin', '!!!')], 13),
                ('base64 of one letter', plain + [('x-key-bin', 'A')], 13),
                ('padded base64', plain + [('x-key-bin', 'QQ==')], 0),
                ('joined base64', plain + [('x-key-bin', 'QQ,QUI,')], 0),
                ('connection', plain + [('connection', 'close')], 'reset'),
                ('transfer-encoding', plain + [('transfer-encoding', 'chunked')], 'reset'),
                ('te: gzip', changed(te='gzip'), 'reset'),
                ('no te', changed(te=None), 0),
                ('no :authority', changed(authority=None), 'reset'),
                ('host alone', changed(authority=None, host='victim'), 0),
                ('no :scheme', changed(scheme=None), 'reset'),
                ('no :method', changed(method=None), 'reset'),
                ('two :path', [(':path', VICTIM + 'Chat')] + plain, 'reset'),
                ('an unknown pseudo-header', [(':secret', 'x')] + plain, 'reset'),
                ('a pseudo-header behind others', plain[:3] + plain[4:] + plain[3:4], 'reset'),
                ('GET', changed(method='GET'), 'http 405'),
                ('no content-type', changed(content_type=None), 'http 415'),
                ('another content-type', changed(content_type='text/plain'), 'http 415'),
                ('application/grpcx', changed(content_type='application/grpcx'), 'http 415'),
                ('an unknown codec', changed(content_type='application/grpc+xyz'), 'http 415'),
                ('two content-types', plain + [('content-type', 'application/grpc')], 'http 415'),
                ('application/grpc+proto', changed(content_type='application/grpc+proto'), 0),
                ('an unknown grpc-encoding', plain + [('grpc-encoding', 'nonsense')], 12),
                ('a content-length that is wrong', plain + [('content-length', '3')], 'reset'),
                ('a content-length that is none', plain + [('content-length', '-1')], 'reset')):
            yield what, fields, ok, wanted


class TimeoutTable(Table):
    """grpc-timeout: doubled, too long, zero, negative, overflowing (`99999999H`), `1n`"""

    def rows(self):
        waiting = http2.wish(wait=True)
        ok = http2.wish(b'ok')
        for value, body, wanted in (
                ('99999999H', ok, 0), ('99999999M', ok, 0), ('99999999S', ok, 0), ('99999999m', ok, 0),
                ('00000010S', ok, 0), ('1n', waiting, 4), ('1u', waiting, 4), ('0n', waiting, 4), ('0H', waiting, 4),
                ('00000000S', waiting, 4), ('20m', waiting, 4), ('123456789S', ok, 13), ('999999999n', ok, 13),
                ('-1S', ok, 13), ('+1S', ok, 13), ('1', ok, 13), ('S', ok, 13), ('', ok, 13), ('1s', ok, 13),
                ('1.5S', ok, 13), ('0x1S', ok, 13), ('1 S', ok, 13), ('1SS', ok, 13), ('9' * 2000 + 'S', ok, 13)):
            yield f'grpc-timeout {value[:12]!r}', changed(grpc_timeout=value), body, wanted
        yield 'two grpc-timeouts', changed(grpc_timeout='1S') + [('grpc-timeout', '2S')], ok, 13


class PathTable(Table):
    """:path in forms that must not reach another method (CVE-2026-33186)"""

    def rows(self):
        guarded = 'sluice.hostile.Guarded/Unary'
        for path, wanted in (
                (guarded, 'reset'), ('//' + guarded, 12), ('/' + guarded.replace('/', '%2f'), 12),
                ('/' + guarded.replace('/', '%2F'), 12), ('/' + guarded + '/', 12), ('/' + guarded + '?x=y', 12),
                ('/' + guarded + '#x', 12), ('/' + guarded.replace('/', '//'), 12), ('/./' + guarded, 12),
                (VICTIM + '../' + guarded, 12), ('/' + guarded.upper(), 12), ('/' + guarded.lower(), 12),
                ('/' + guarded + '%00', 12), ('/' + guarded + ';x', 12), ('/' + guarded.replace('/', '\\'), 12),
                ('/%73luice.hostile.Guarded/Unary', 12), ('http://victim/' + guarded, 'reset'), ('*', 'reset'),
                ('', 'reset'), ('/', 12), ('/' + guarded + ' ', 'reset'), ('/x' * 3000, 12)):
            yield f':path {path[:60]!r}', changed(path=path), http2.wish(b'ok'), wanted

    def run(self, at):
        super().run(at)
        guarded = at.figures()[3]
        expect(guarded == 0, f'{guarded} of these reached the handler')


class MessageTable(Table):
    """Messages with wrong prefixes, too many of them, none"""
    options = ('--max-receive-size', 100_000)

    def rows(self):
        one = http2.wish(b'ok')
        for what, body, wanted in (
                ('no message', b'', 12), ('two messages', one + one, 12), ('an empty message', http2.message(), 0),
                ('half a prefix', one[:3], 13), ('half a message', one[:-1], 13),
                ('a byte behind the message', one + b'\0', 12), ('flag 2', http2.message(b'', flag=2), 13),
                ('flag 255', http2.message(b'', flag=255), 13),
                ('compressed without an encoding', http2.message(b'x', flag=1), 13),
                ('a length of 0xffffffff', http2.message(b'x', length=0xffffffff), 8),
                ('one byte above the limit', http2.message(b'x', length=100_001), 8),
                ('no protobuf', http2.message(b'\xff' * 50), 13)):
            yield what, changed(), body, wanted


class OtherProtocols(Attack):
    """HTTP/1.1, an upgrade to h2c, TLS, and noise, on a port that speaks plain gRPC"""
    words = {
        'HTTP/1.1': (b'GET / HTTP/1.1\r\nhost: victim\r\n\r\n', (b'HTTP/1.1 505', b'HTTP/1.1 426')),
        'an upgrade': (b'GET / HTTP/1.1\r\nhost: victim\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\n'
                       b'HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n', (b'HTTP/1.1 505', b'HTTP/1.1 426')),
        'HTTP/1.0': (b'POST /x HTTP/1.0\r\ncontent-length: 5\r\n\r\nhello', (b'HTTP/1.1 505', b'HTTP/1.1 426')),
        'TLS': (b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + b'\0' * 505, None),
        'zeros': (b'\0' * 1000, None),
        'a preface with a wrong end': (http2.PREFACE[:-2] + b'XX' + b'\0' * 100, None),
        'a frame other than SETTINGS first': (http2.PREFACE + http2.ping(), None),
    }

    def run(self, at):
        for what, (words, answers) in self.words.items():
            with at.connect(opening=words) as connection:
                heard = bytearray()
                connection._read = lambda: self.hear(connection, heard)
                expect(connection.until_closed(), f'{what}: not closed')
                if answers:
                    expect(bytes(heard).startswith(answers), f'{what}: answered {bytes(heard[:60])}')

    @staticmethod
    def hear(connection, into):
        try:
            got = connection.sock.recv(65536)
        except OSError:
            got = b''
        connection.closed = not got
        into += got
