# SPDX-License-Identifier: Apache-2.0
"""Header blocks that are small on the wire and large behind it, or never end."""
import http2
from attack import Attack, MIB, pause
from victims import expect

UNARY = '/sluice.hostile.Victim/Unary'


class ContinuationFlood(Attack):
    """CONTINUATION frames without an end (CVE-2024-27316, CVE-2024-28182)"""

    def run(self, at):
        piece = http2.block([(f'x-{i}', 'v' * 100) for i in range(100)])
        with at.connect() as connection:
            connection.send(http2.headers(1, http2.request_block(), end_headers=False))
            for _ in range(5000):
                if not connection.send(http2.frame(http2.CONTINUATION, 0, 1, piece), reading=True):
                    break
            expect(connection.until_closed(2), 'still open after 5000 CONTINUATION frames')


class SmallContinuations(Attack):
    """CONTINUATION frames of one byte each, one value among them all"""

    def run(self, at):
        with at.connect() as connection:
            connection.send(http2.headers(1, http2.request_block() + b'\0' + http2.string(b'x-long')
                                          + http2.integer(60_000, 7), end_headers=False))
            for _ in range(70):
                if not connection.send(http2.frame(http2.CONTINUATION, 0, 1, b'v') * 1000, reading=True):
                    break
            expect(connection.until_closed(2), 'still open after 70,000 CONTINUATION frames')


class HpackBomb(Attack):
    """One entry of 4 KiB, referenced 16,000 times in a block"""
    memory = MIB

    def run(self, at):
        with at.connect() as connection:
            big = http2.literal('x-bomb', 'b' * 4000, indexed=True)
            found = http2.call(connection, 1, http2.request_block() + big)
            expect(found.status == 0, f'a header of 4000 bytes: {found}')
            connection.send(http2.headers(3, http2.request_block() + http2.indexed(62) * 16_000))
            connection.take_in(lambda: connection.closed or connection.answer(3).error is not None
                               or connection.answer(3).ended)
            found = connection.answer(3)
            expect(connection.closed or found.error is not None or found.status == 8, f'the bomb: {found}')


class HpackBombsOfManyStreams(Attack):
    """Header lists just under four times the limit, on 200 streams"""

    def run(self, at):
        with at.connect() as connection:
            big = http2.literal('x-bomb', 'b' * 4000, indexed=True)
            http2.call(connection, 1, http2.request_block() + big)
            streams = range(3, 403, 2)
            for stream in streams:
                connection.send(http2.headers(stream, http2.request_block() + http2.indexed(62) * 7), reading=True)
            connection.until_ended(*streams, limit=3)
            for stream in streams:
                found = connection.answer(stream)
                expect(connection.closed or found.status == 8 or found.error is not None, f'the bomb: {found}')


class TableAfterTheLimit(Attack):
    """A list above the limit, then one that uses what the first put into the table (CVE-2023-32731, CVE-2024-7246)"""

    def run(self, at):
        with at.connect() as connection:
            early = http2.literal('grpc-timeout', '10S', indexed=True)
            late = (http2.literal('grpc-encoding', 'nonsense', indexed=True)
                    + http2.literal('grpc-timeout', '1n', indexed=True))
            over = http2.block([('x-large', 'x' * 20_000)])
            found = http2.call(connection, 1, http2.request_block() + early + over + late)
            expect(found.status == 8, f'a list of 20 KiB: {found}')
            # The newest entry is 62.
            for stream, index, wanted in ((3, 64, 0), (5, 63, 12), (7, 62, 4)):
                found = http2.call(connection, stream, http2.request_block() + http2.indexed(index),
                                   http2.wish(b'ok', wait=wanted == 4))
                expect(found.status == wanted, f'entry {index} behind the list that was too large: {found}')


class ZeroLengthNames(Attack):
    """Header fields without a name (CVE-2019-9516)"""

    def run(self, at):
        nameless = http2.request_block() + http2.literal('', '') * 4000
        with at.connect() as connection:
            for stream in range(1, 401, 2):
                connection.send(http2.headers(stream, nameless), reading=True)
                if connection.goaway:
                    break
            connection.take_in(lambda: connection.goaway or connection.answer(399).error is not None, 3)
            expect(connection.goaway or connection.answer(1).error is not None, 'the streams are not reset')


class MalformedBlocks(Attack):
    """HPACK that is none: integers beyond every bound, strings of 4 GiB, entries that do not exist (CVE-2023-33953)"""
    blocks = {
        'an index of 2^63': b'\xff' + b'\xff' * 8 + b'\x7f',
        'an index with endless padding': b'\xff' + b'\x80' * 200,
        'index 0': b'\x80',
        'an index beyond the table': http2.indexed(4000),
        'a name of 4 GiB': b'\x00' + http2.integer(0xffffffff, 7) + b'x' * 100,
        'a value of 4 GiB': b'\x00' + http2.string(b'x') + http2.integer(0xffffffff, 7) + b'v' * 100,
        'a value that ends early': b'\x00' + http2.string(b'x') + http2.integer(100, 7) + b'v',
        'a table of 1 GiB': http2.integer(1 << 30, 5, 0x20),
        'a table size behind a field': http2.literal('x', 'y') + http2.integer(100, 5, 0x20),
        'Huffman code of 8 bits of padding': b'\x00' + http2.string(b'x') + b'\x82\xff\xff',
        'Huffman code with EOS in it': b'\x00' + http2.string(b'x') + b'\x84\xff\xff\xff\xff',
    }

    def run(self, at):
        for what, malformed in self.blocks.items():
            with at.connect() as connection:
                connection.send(http2.headers(1, http2.request_block() + malformed))
                connection.take_in(lambda: connection.closed or connection.goaway)
                expect(connection.goaway is not None, f'{what}: no GOAWAY')
                expect(connection.goaway[1] in (http2.COMPRESSION_ERROR, http2.PROTOCOL_ERROR),
                       f'{what}: GOAWAY {connection.goaway}')
                expect(connection.until_closed(), f'{what}: not closed')


class BoundedByContinuation(Attack):
    """One value of 100 MiB, by CONTINUATION frames (CVE-2023-33953)"""

    def run(self, at):
        begin = b'\x00' + http2.string(b'x-large') + http2.integer(100 * MIB, 7)
        with at.connect() as connection:
            connection.send(http2.headers(1, http2.request_block() + begin, end_headers=False))
            for _ in range(100 * 64):
                if not connection.send(http2.frame(http2.CONTINUATION, 0, 1, b'v' * 16384), reading=True):
                    break
            expect(connection.until_closed(2), 'still open after 100 MiB')


class ManyKeys(Attack):
    """Header lists of 500 and of 10,000 keys"""

    def run(self, at):
        def request(keys):
            return http2.request_block() + http2.block([(f'k{i}', 'v') for i in range(keys)])
        with at.connect() as connection:
            found = http2.call(connection, 1, request(500))
            expect(found.status == 8, f'500 keys: {found}')
            connection.send(http2.headers(3, request(10_000)))
            connection.take_in(lambda: connection.closed or connection.answer(3).error is not None
                               or connection.answer(3).ended)
            expect(connection.closed or connection.answer(3).status == 8, f'10,000 keys: {connection.answer(3)}')
