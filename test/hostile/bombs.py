# SPDX-License-Identifier: Apache-2.0
"""Little that inflates to much."""
import gzip
import random
import zlib

import http2
from attack import Attack, ClientAttack, MIB
from request_tables import Table, changed
from servers import HEAD, INTERNAL, OK, RESOURCE_EXHAUSTED
from victims import expect

LIMIT = 4 * MIB
INFLATED = 64 * MIB


def zstd_zeros(size, window=0x38):
    """A frame of RLE blocks (RFC 8878): 4 bytes for each 128 KiB. `window` 0x38: 128 KiB, too."""
    block = 128 * 1024
    count = size // block
    out = b'\x28\xb5\x2f\xfd\x00' + bytes([window])
    for i in range(count):
        out += ((block << 3) | (1 << 1) | int(i == count - 1)).to_bytes(3, 'little') + b'\0'
    return out


def bombs():
    """1000:1 and more, by the name of each algorithm."""
    return {'gzip': gzip.compress(b'\0' * INFLATED, 9), 'deflate': zlib.compress(b'\0' * INFLATED, 9),
            'zstd': zstd_zeros(INFLATED)}


class DecompressionBombs(Attack):
    """Messages of 64 KiB that inflate to 64 MiB, by each algorithm"""
    options = ('--max-receive-size', LIMIT)
    memory = LIMIT + 3 * MIB // 4  # by the process's pages; the exact bound, 64 KiB, is a unit test's

    def prepare(self, at):
        """What each algorithm keeps for the next message, and the message as it came: as large, of noise."""
        noise = http2.wish(random.Random(1).randbytes(70_000))[5:]
        with at.connect() as connection:
            for number, (name, coded) in enumerate({'gzip': gzip.compress(noise), 'deflate': zlib.compress(noise),
                                                    'zstd': zstd_zeros(128 * 1024)}.items()):
                http2.call(connection, 2 * number + 1, http2.request_block(grpc_encoding=name),
                           http2.message(coded, flag=1))

    def run(self, at):
        with at.connect() as connection:
            for number, (name, bomb) in enumerate(bombs().items()):
                found = http2.call(connection, 2 * number + 1, http2.request_block(grpc_encoding=name),
                                   http2.message(bomb, flag=1))
                expect(found.status == RESOURCE_EXHAUSTED, f'{name}: {found}')


class ManyBombs(Attack):
    """The same on 50 streams at once"""
    options = ('--max-receive-size', LIMIT)

    def run(self, at):
        bomb = http2.message(zstd_zeros(INFLATED), flag=1)
        block = http2.request_block(grpc_encoding='zstd')
        with at.connect() as connection:
            streams = range(1, 101, 2)
            connection.send(b''.join(http2.headers(stream, block) + http2.data(stream, bomb, end=True)
                                     for stream in streams), reading=True)
            connection.until_ended(*streams)
            for stream in streams:
                expect(connection.answer(stream).status == RESOURCE_EXHAUSTED, f'{connection.answer(stream)}')


class LargeWindows(Attack):
    """zstd frames that ask for windows of 128 MiB and of 2 TiB"""
    options = ('--max-receive-size', LIMIT)
    memory = LIMIT + MIB

    def run(self, at):
        with at.connect() as connection:
            for number, window in enumerate((0x88, 0xf8)):
                found = http2.call(connection, 2 * number + 1, http2.request_block(grpc_encoding='zstd'),
                                   http2.message(zstd_zeros(128 * 1024, window), flag=1))
                expect(found.status in (RESOURCE_EXHAUSTED, INTERNAL), f'window {window:#x}: {found}')


class CompressedTable(Table):
    """Compressed messages that are broken"""
    options = ('--max-receive-size', LIMIT)

    def rows(self):
        plain = http2.wish(b'ok')[5:]
        coded = gzip.compress(plain)

        def row(what, body, wanted, encoding='gzip'):
            return what, changed(grpc_encoding=encoding), http2.message(body, flag=1), wanted

        yield row('gzip', coded, 0)
        yield row('deflate', zlib.compress(plain), 0, 'deflate')
        yield row('zeros by zstd', zstd_zeros(128 * 1024), INTERNAL, 'zstd')  # no Wish
        yield row('noise', b'\xaa' * 100, INTERNAL)
        yield row('nothing', b'', INTERNAL)
        yield row('gzip that is cut off', coded[:-3], INTERNAL)
        yield row('gzip with a wrong checksum', coded[:-8] + b'1234' + coded[-4:], INTERNAL)
        yield row('gzip with noise behind it', coded + b'noise', INTERNAL)
        yield row('zstd noise', b'\x28\xb5\x2f\xfd' + b'\xff' * 50, INTERNAL, 'zstd')
        yield row('deflate without its head', zlib.compress(plain)[2:], INTERNAL, 'deflate')
        yield 'identity, and the flag', changed(grpc_encoding='identity'), http2.message(plain, flag=1), INTERNAL
        yield 'gzip, and no flag', changed(grpc_encoding='gzip'), http2.message(plain), 0


class ServerBombs(ClientAttack):
    """Responses of 64 KiB that inflate to 64 MiB"""
    options = ('--max-receive-size', LIMIT)
    memory = LIMIT + MIB

    def serve(self, connection):
        connection.open()
        for name, bomb in bombs().items():
            stream = connection.next_request()
            if stream is None:
                return
            connection.send(http2.headers(stream, http2.block(HEAD + [('grpc-encoding', name)]))
                            + http2.data(stream, http2.message(bomb, flag=1))
                            + http2.headers(stream, http2.block(OK), end=True), reading=True)
        connection.until_closed(1)

    def run(self, at):
        for _ in bombs():
            at.expect_code(at.call(), RESOURCE_EXHAUSTED)
        at.malice.hang_up()
