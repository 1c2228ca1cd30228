# SPDX-License-Identifier: Apache-2.0
"""A server that attacks: what is promised against clients holds for our client, too."""
import struct

import http2
from attack import ClientAttack, MIB, pause
from victims import expect, wait_until

HEAD = [(':status', '200'), ('content-type', 'application/grpc')]
OK = [('grpc-status', '0')]
(CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL,
 UNAVAILABLE, UNAUTHENTICATED) = (1, 2, 4, 7, 8, 12, 13, 14, 16)


class ServerFlood(ClientAttack):
    """Takes a call, sends a beginning, then `chunk` again and again, until the client gives the connection up."""
    abstract = True
    chunk = b''
    reads = True
    most = 64 * MIB
    codes = (UNAVAILABLE, INTERNAL)

    def begin_on(self, stream):
        return b''

    def chunk_on(self, stream):
        return self.chunk

    def serve(self, connection):
        connection.open()
        stream = connection.next_request()
        if stream is None:
            return
        connection.acknowledges = connection.answers_pings = self.reads
        before = connection.sent
        connection.send(self.begin_on(stream))
        chunk = self.chunk_on(stream)
        while not connection.closed and connection.sent - before < self.most:
            connection.send(chunk, limit=1, reading=self.reads)
        self.sent = connection.sent

    def run(self, at):
        self.sent = 0
        found = at.call(timeout=4000)
        at.expect_code(found, *self.codes)
        expect(wait_until(lambda: self.sent), 'the connection is not given up')
        expect(self.sent < self.most, f'not given up after {self.sent} bytes')
        at.note('bytes sent', self.sent)


class ServerPingFloodUnread(ServerFlood):
    """PINGs, their acknowledgements never read"""
    chunk = http2.ping() * 2000
    reads = False


class ServerPingFlood(ServerFlood):
    """PINGs, their acknowledgements read"""
    chunk = http2.ping() * 2000


class ServerSettingsFloodUnread(ServerFlood):
    """SETTINGS, their acknowledgements never read"""
    chunk = http2.settings((http2.INITIAL_WINDOW_SIZE, 65535)) * 2000
    reads = False


class ServerSettingsFlood(ServerFlood):
    """SETTINGS, their acknowledgements read"""
    chunk = http2.settings((http2.INITIAL_WINDOW_SIZE, 65535)) * 2000


class ServerPriorities(ServerFlood):
    """PRIORITY frames"""
    chunk = b''.join(http2.frame(http2.PRIORITY, 0, 2 * i + 1, b'\0\0\0\0\x10') for i in range(2000))


class ServerEmptyData(ServerFlood):
    """Empty DATA frames on a call"""

    def begin_on(self, stream):
        return http2.headers(stream, http2.block(HEAD))

    def chunk_on(self, stream):
        return http2.frame(http2.DATA, 0, stream) * 2000


class ServerUnknownFrames(ServerFlood):
    """Frames of a type that nobody knows"""
    chunk = http2.frame(0x42, 0, 0, b'x') * 2000


class ServerWindowUpdates(ServerFlood):
    """WINDOW_UPDATE frames of one byte"""
    chunk = http2.window_update(0, 1) * 2000


class ServerGoaways(ServerFlood):
    """GOAWAY frames that take nothing back"""
    chunk = http2.goaway(0x7fffffff) * 2000


class ServerOrigins(ServerFlood):
    """ALTSVC and ORIGIN frames"""
    chunk = (http2.frame(0x0a, 0, 0, b'\0\x01xclear') + http2.frame(0x0c, 0, 0, b'\0\x03x:1')) * 1000


class ServerContinuations(ServerFlood):
    """CONTINUATION frames without an end"""
    piece = http2.block([(f'x-{i}', 'v' * 100) for i in range(100)])

    def begin_on(self, stream):
        return http2.headers(stream, http2.block(HEAD), end_headers=False)

    def chunk_on(self, stream):
        return http2.frame(http2.CONTINUATION, 0, stream, self.piece)


class EndlessInformational(ServerFlood):
    """1xx responses without an end"""

    def chunk_on(self, stream):
        return http2.headers(stream, http2.block([(':status', '103'), ('link', 'x' * 500)])) * 20


class ServerHpackBomb(ClientAttack):
    """One entry of 4 KiB, referenced 16,000 times in a response's headers"""
    memory = MIB

    def serve(self, connection):
        connection.open()
        stream = connection.next_request()
        if stream is None:
            return
        big = http2.literal('x-bomb', 'b' * 4000, indexed=True)
        connection.send(http2.headers(stream, http2.block(HEAD) + big + http2.indexed(62) * 16_000))
        connection.until_closed(3)

    def run(self, at):
        at.expect_code(at.call(), RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE)


class ServerTableAfterTheLimit(ClientAttack):
    """A response's list above the limit, then one that uses what the first put into the table"""

    def serve(self, connection):
        connection.open()
        over = http2.block([('x-large', 'x' * 20_000)])
        late = http2.literal('grpc-status', '9', indexed=True)
        first = connection.next_request()
        if first is None:
            return
        connection.send(http2.headers(first, http2.block(HEAD) + over + late, end=True))
        second = connection.next_request()
        if second is not None:
            connection.send(http2.headers(second, http2.block(HEAD) + http2.indexed(62), end=True))
        connection.until_closed(1)

    def run(self, at):
        at.expect_code(at.call(), RESOURCE_EXHAUSTED)
        at.expect_code(at.call(), 9)
        at.malice.hang_up()


class RefusingServer(ClientAttack):
    """Each call is refused (REFUSED_STREAM), a thousand calls"""

    def serve(self, connection):
        connection.open()
        while (stream := connection.next_request()) is not None:
            connection.send(http2.reset(stream, http2.REFUSED_STREAM))

    def run(self, at):
        at.expect_code(at.call(times=300), UNAVAILABLE)


class ProvokedResets(ClientAttack):
    """Responses that make the client reset its calls: overflowing windows"""

    def serve(self, connection):
        connection.open()
        while (stream := connection.next_request()) is not None:
            connection.send(http2.window_update(stream, 0x7fffffff))

    def run(self, at):
        at.expect_code(at.call(times=300), INTERNAL, UNAVAILABLE)


class SilentServer(ClientAttack):
    """Connections that are accepted and never answered"""
    options = ('--connect-timeout', 1000)
    busy = False

    def serve(self, connection):
        connection.acknowledges = False
        connection.until_closed(8)

    def run(self, at):
        at.expect_code(at.call(times=10, timeout=3000), UNAVAILABLE, DEADLINE_EXCEEDED)


class MuteServer(ClientAttack):
    """Calls that are taken and never answered"""
    busy = False

    def serve(self, connection):
        connection.open()
        connection.until_closed(8)

    def run(self, at):
        at.expect_code(at.call(times=100, timeout=1000), DEADLINE_EXCEEDED)


class UnreadRequests(ClientAttack):
    """Open HTTP/2 windows, a closed TCP window, a large upload"""
    options = ('--write-timeout', 2000)
    busy = False

    def serve(self, connection):
        connection.open((http2.INITIAL_WINDOW_SIZE, 0x7fffffff))
        connection.send(http2.window_update(0, 0x7fff0000 - 65535))
        connection.next_request()
        pause(8)

    def run(self, at):
        at.expect_code(at.call('upload', times=20, timeout=6000, size=20_000), UNAVAILABLE)


class DribblingWindow(ClientAttack):
    """Windows of one byte for a large upload"""
    busy = False

    def serve(self, connection):
        connection.open((http2.INITIAL_WINDOW_SIZE, 0))
        connection.take_in(lambda: len(connection.requests) == 50)
        while not connection.closed:
            connection.send(b''.join(http2.window_update(stream, 1) for stream in connection.requests), reading=True)
            pause(0.02)

    def run(self, at):
        processor = at.victim.cpu()
        at.expect_code(at.call('upload', times=50, timeout=2000, size=10_000), DEADLINE_EXCEEDED)
        share = (at.victim.cpu() - processor) / 2
        at.note('share of a processor', round(share, 2))
        expect(at.sanitized or share < 0.6, f'uses {share:.2f} of a processor')


class PushingServer(ClientAttack):
    """PUSH_PROMISE, though ENABLE_PUSH is 0"""

    def serve(self, connection):
        connection.open()
        stream = connection.next_request()
        promised = struct.pack('>I', 2) + http2.request_block()
        connection.send(http2.frame(http2.PUSH_PROMISE, http2.END_HEADERS, stream or 1, promised))
        connection.until_closed(3)

    def run(self, at):
        at.expect_code(at.call(), UNAVAILABLE, INTERNAL)


class SettingsTable(ClientAttack):
    """SETTINGS that are huge, out of range, or of a wrong length"""
    frames = {
        '1000 settings': http2.settings(*[(i % 6 + 10, 1) for i in range(1000)]),
        'a window above 2^31': http2.settings((http2.INITIAL_WINDOW_SIZE, 0x80000000)),
        'frames of 1 byte': http2.settings((http2.MAX_FRAME_SIZE, 1)),
        'frames of 4 GiB': http2.settings((http2.MAX_FRAME_SIZE, 0xffffffff)),
        'ENABLE_PUSH 7': http2.settings((http2.ENABLE_PUSH, 7)),
        'a length of 5': http2.frame(http2.SETTINGS, 0, 0, b'12345'),
        'on a stream': http2.frame(http2.SETTINGS, 0, 1, b''),
        'an acknowledgement with a body': http2.frame(http2.SETTINGS, http2.ACK, 0, b'123456'),
        'none, but DATA': http2.data(1, b'x'),
        'a frame of 16 MiB': b'\xff\xff\xff\x04\0\0\0\0\0' + b'\0' * 100_000,
    }

    def serve(self, connection):
        connection.send(self.frame)
        connection.until_closed(3)

    def run(self, at):
        for what, self.frame in self.frames.items():
            found = at.fresh_call(timeout=5000)
            expect(set(found['codes']) == {UNAVAILABLE}, f'{what}: {found}')


class LargeTables(ClientAttack):
    """A header table of 4 GiB, frames of 16 MiB, no limit on anything: taken, and not used up"""

    def serve(self, connection):
        connection.open((http2.HEADER_TABLE_SIZE, 0xffffffff), (http2.MAX_FRAME_SIZE, 0xffffff),
                        (http2.INITIAL_WINDOW_SIZE, 0x7fffffff), (http2.MAX_CONCURRENT_STREAMS, 0xffffffff))
        while (stream := connection.next_request()) is not None:
            connection.answer_well(stream)

    def run(self, at):
        at.expect_code(at.call(times=500), 0)
        at.malice.hang_up()


class ResponseTable(ClientAttack):
    """Responses that are wrong in one thing each, and the status of their calls"""
    options = ('--max-receive-size', 100_000)

    @staticmethod
    def rows():
        def head(*more, **changes):
            fields = {**dict(HEAD), **{name.replace('_', '-'): value for name, value in changes.items()}}
            fields = [(':status', fields.pop('status', fields[':status']))] + [
                pair for pair in fields.items() if pair[0] not in (':status', 'status') and pair[1] is not None]
            return lambda stream: http2.headers(stream, http2.block(fields + list(more)))

        def trailers(*fields):
            return lambda stream: http2.headers(stream, http2.block(fields), end=True)

        def whole(*fields):
            return lambda stream: http2.headers(stream, http2.block(fields), end=True)

        def body(text, end=False):
            return lambda stream: http2.data(stream, text, end)

        def rst(error):
            return lambda stream: http2.reset(stream, error)

        one, end = body(http2.message()), trailers(*OK)
        yield 'as it should be', (head(), one, end), 0
        yield 'trailers without a status', (head(), one, trailers(('x', 'y'))), INTERNAL, UNKNOWN
        yield 'no trailers', (head(), body(http2.message(), True)), INTERNAL, UNKNOWN
        yield 'two grpc-status', (head(), one, trailers(*OK, *OK)), INTERNAL, UNKNOWN
        for value in ('99', '-1', 'abc', '', '0x0', '4294967296'):
            yield f'grpc-status {value!r}', (head(), one, trailers(('grpc-status', value))), UNKNOWN
        yield 'a bad percent', (head(), trailers(('grpc-status', '5'), ('grpc-message', '%zz%f%'))), 5
        yield 'a NUL by percent', (head(), trailers(('grpc-status', '5'), ('grpc-message', 'a%00b%FF'))), 5
        yield 'bad base64 in trailers', (head(), one, trailers(*OK, ('x-bin', '!'))), INTERNAL, UNKNOWN
        yield 'bad base64 in headers', (head(('x-bin', '!')), one, end), INTERNAL
        yield 'bad details', (head(), trailers(('grpc-status', '5'), ('grpc-status-details-bin', '!'))), 5
        yield 'no message', (head(), end), UNIMPLEMENTED, INTERNAL
        yield 'two messages', (head(), one, one, end), UNIMPLEMENTED, INTERNAL
        yield 'half a message', (head(), body(http2.message(b'ab')[:-1]), end), INTERNAL
        yield 'flag 2', (head(), body(http2.message(flag=2)), end), INTERNAL
        yield 'compressed without an encoding', (head(), body(http2.message(b'x', flag=1)), end), INTERNAL
        yield 'an unknown encoding', (head(grpc_encoding='nonsense'), body(http2.message(b'x', flag=1)), end), INTERNAL
        yield 'a length of 0xffffffff', (head(), body(http2.message(b'x', length=0xffffffff))), RESOURCE_EXHAUSTED
        yield 'one byte above the limit', (head(), body(http2.message(length=100_001))), RESOURCE_EXHAUSTED
        yield 'no protobuf', (head(), body(http2.message(b'\xff' * 50)), end), INTERNAL
        yield 'grpc-status in the headers only', (head(('grpc-status', '5')), one, body(b'', True)), INTERNAL, UNKNOWN
        for http, code in ((400, INTERNAL), (401, UNAUTHENTICATED), (403, PERMISSION_DENIED), (404, UNIMPLEMENTED),
                           (429, UNAVAILABLE), (502, UNAVAILABLE), (503, UNAVAILABLE), (504, UNAVAILABLE),
                           (500, UNKNOWN), (301, UNKNOWN)):
            yield f'HTTP {http}', (whole((':status', str(http))),), code
        yield 'HTML', (head(content_type='text/html'), body(b'<html>' * 100, True)), UNKNOWN
        yield 'no content-type', (head(content_type=None), one, end), UNKNOWN
        yield 'status 99', (whole((':status', '99')),), INTERNAL, UNKNOWN
        yield 'status abc', (whole((':status', 'abc')),), INTERNAL
        yield 'no :status', (whole(('content-type', 'application/grpc')),), INTERNAL
        yield 'an upper-case key', (whole(*HEAD, ('X-Key', 'v')),), INTERNAL
        yield 'connection', (whole(*HEAD, ('connection', 'close')),), INTERNAL
        yield '101', (whole((':status', '101')),), INTERNAL, UNKNOWN
        yield 'a 1xx that ends the stream', (whole((':status', '103')),), INTERNAL, UNKNOWN
        yield 'a wrong content-length', (head(('content-length', '3')), body(http2.message(b'123456'), True)), INTERNAL
        yield 'a list above the limit', (whole(*HEAD, ('x', 'x' * 20_000)),), RESOURCE_EXHAUSTED
        for error, code in ((0, INTERNAL), (1, INTERNAL), (2, INTERNAL), (3, INTERNAL), (4, INTERNAL), (6, INTERNAL),
                            (7, UNAVAILABLE), (8, CANCELLED), (9, INTERNAL), (10, INTERNAL), (11, RESOURCE_EXHAUSTED),
                            (12, PERMISSION_DENIED), (13, INTERNAL), (0xffffffff, INTERNAL)):
            accepted = (code, UNKNOWN) if error in (13, 0xffffffff) else (code,)
            yield f'RST_STREAM {error}', (rst(error),), *accepted
        yield 'a reset behind the trailers', (head(), one, end, rst(8)), 0

    def serve(self, connection):
        connection.open()
        while (stream := connection.next_request()) is not None:
            connection.send(b''.join(part(stream) for part in self.parts))

    def run(self, at):
        wrong, count = [], 0
        for what, self.parts, *codes in self.rows():
            count += 1
            found = at.call(timeout=2000)
            if not set(found['codes']) <= set(codes):
                wrong.append(f'{what}: {found["codes"]} {found["text"]!r}, not {codes}')
        at.note('rows', count)
        at.malice.hang_up()
        expect(not wrong, '; '.join(wrong))


class OtherServers(ClientAttack):
    """Servers of HTTP/1.1, SSH, TLS and noise, and one that hangs up at once"""
    words = {
        'HTTP/1.1': b'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi', 'SSH': b'SSH-2.0-OpenSSH_9.2\r\n',
        'TLS': b'\x15\x03\x01\0\x02\x02\x46', 'zeros': b'\0' * 1000, 'nothing': b'',
        'endless noise': b'\xaa' * MIB,
    }

    def serve(self, connection):
        connection.send(self.said)

    def run(self, at):
        for what, self.said in self.words.items():
            found = at.fresh_call(timeout=5000)
            expect(set(found['codes']) == {UNAVAILABLE}, f'{what}: {found}')


class EndlessMessages(ClientAttack):
    """A response of small messages without an end, to a unary call, and to one whose reader is slow"""

    def serve(self, connection):
        connection.open()
        stream = connection.next_request()
        if stream is None:
            return
        connection.send(http2.headers(stream, http2.block(HEAD)))
        piece = http2.data(stream, http2.message() * 3000)
        while not connection.closed and connection.answer(stream).error is None:
            connection.send(piece, limit=0.2, reading=True)
            if connection.sent > 64 * MIB:
                break

    def run(self, at):
        at.expect_code(at.call('unary', timeout=1000), UNIMPLEMENTED, INTERNAL, UNAVAILABLE)
        at.malice.hang_up()
