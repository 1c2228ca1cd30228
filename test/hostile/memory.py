# SPDX-License-Identifier: Apache-2.0
"""Little sent, much kept: windows, prefixes, sockets."""
import hashlib
import socket
import struct
import time

import http2
from attack import Attack, MIB, pause
from victims import expect, wait_until

DOWNLOAD = '/sluice.hostile.Victim/Download'
CHAT = '/sluice.hostile.Victim/Chat'


class DataDribble(Attack):
    """Windows of one byte on 100 streams (CVE-2019-9511)"""
    busy = False

    def run(self, at):
        opening = http2.PREFACE + http2.settings((http2.INITIAL_WINDOW_SIZE, 0))
        with at.connect(opening=opening) as connection:
            connection.opens_windows = False
            streams = range(1, 201, 2)
            wanted = http2.wish(size=10_000, count=1000)
            connection.send(b''.join(http2.headers(stream, http2.request_block(DOWNLOAD, grpc_timeout='4S'))
                                     + http2.data(stream, wanted, end=True) for stream in streams))
            processor, began = at.victim.cpu(), time.monotonic()
            for _ in range(100):
                connection.send(b''.join(http2.window_update(stream, 1) for stream in streams), reading=True)
                pause(0.02)
            share = (at.victim.cpu() - processor) / (time.monotonic() - began)
            at.note('share of a processor', round(share, 2))
            expect(at.sanitized or share < 0.5, f'uses {share:.2f} of a processor')
            # The streams end at their deadlines, though no window is open.
            connection.take_in(lambda: connection.closed or all(connection.answer(each).ended or
                               connection.answer(each).error is not None for each in streams), 6)
            ended = sum(connection.answer(each).ended or connection.answer(each).error is not None for each in streams)
            expect(connection.closed or ended == len(streams), f'{len(streams) - ended} stalled streams do not end')


class UnreadResponses(Attack):
    """Open HTTP/2 windows, a closed TCP window, large responses (CVE-2019-9517)"""
    options = ('--write-timeout', 2000)
    busy = False

    def run(self, at):
        opening = (http2.PREFACE + http2.settings((http2.INITIAL_WINDOW_SIZE, 0x7fffffff))
                   + http2.window_update(0, 0x7fff0000 - 65535))
        descriptors = at.victim.descriptors()
        with at.connect(opening=opening, receive_buffer=4096) as connection:
            expect(wait_until(lambda: at.victim.descriptors() > descriptors), 'the connection is not taken')
            wanted = http2.wish(size=16_000, count=100_000)
            for stream in range(1, 201, 2):
                connection.send(http2.headers(stream, http2.request_block(DOWNLOAD))
                                + http2.data(stream, wanted, end=True))
            expect(wait_until(lambda: at.victim.descriptors() <= descriptors, 12),
                   'a peer that reads nothing is not given up')
        expect(wait_until(lambda: at.figures()[1] == 0), 'its handlers run on')


class UnreadPings(Attack):
    """PINGs in small numbers, a closed TCP window: the acknowledgements must not pile up"""

    def run(self, at):
        with at.connect(receive_buffer=4096) as connection:
            connection.acknowledges = False
            for _ in range(500):
                if not connection.send(http2.ping() * 900, limit=0.3):
                    break


class ShortWrites(Attack):
    """An echo whose reader takes a few bytes at a time: each must be the right one (CVE-2024-11407)"""

    def run(self, at):
        with at.connect(receive_buffer=2048) as connection:
            connection.send(http2.headers(1, http2.request_block(CHAT)))
            sent, got = hashlib.sha256(), hashlib.sha256()
            for number in range(100):
                payload = bytes((number * 7 + i * 31) % 256 for i in range(300)) * 20
                sent.update(payload)
                connection.send(http2.data(1, http2.wish(payload)), reading=True)
                # Within the stream's first window.
                expect(connection.take_in(lambda: len(connection.answer(1).body) > (number - 8) * 6008, 10),
                       f'the echo stops: {connection.answer(1)}')
            connection.send(http2.data(1, b'', end=True), reading=True)
            expect(connection.until_ended(1, limit=15), 'the echo does not end')
            found = connection.answer(1)
            expect(found.status == 0, f'the echo: {found}')
            for each in http2.messages(found.body):
                got.update(each[3:])  # tag, and two bytes of length
            expect(got.digest() == sent.digest(), 'the echo is not what was sent')


class AnnouncedMessages(Attack):
    """1000 streams that announce 0xffffffff bytes"""

    def run(self, at):
        with at.connect() as connection:
            prefix = http2.message(b'x', length=0xffffffff)
            for first in range(1, 2001, 200):
                streams = range(first, first + 200, 2)
                connection.send(b''.join(http2.headers(stream, http2.request_block()) + http2.data(stream, prefix)
                                         for stream in streams), reading=True)
                connection.until_ended(*streams)
                for stream in streams:
                    expect(connection.closed or connection.answer(stream).status == 8,
                           f'a message of 4 GiB: {connection.answer(stream)}')


class DribbledMessages(Attack):
    """1000 streams that announce the largest message that is allowed, and send it byte by byte"""
    busy = False

    def run(self, at):
        with at.connect() as connection:
            connection.send(b''.join(
                http2.headers(stream, http2.request_block(grpc_timeout='3S'))
                + http2.data(stream, http2.message(length=4 * MIB)) for stream in range(1, 2001, 2)), reading=True)
            for _ in range(10):
                connection.send(b''.join(http2.data(stream, b'x') for stream in range(1, 2001, 2)), reading=True)
                pause(0.1)
            connection.until_ended(*range(1, 2001, 2), limit=6)
            statuses = {connection.answer(stream).status for stream in range(1, 2001, 2)}
            expect(statuses == {4}, f'the streams ended with {statuses}')


class ConnectAndAbort(Attack):
    """Connections that are reset at once, by the thousand, at `ulimit -n 64` (CVE-2023-4785)"""
    descriptors = 64

    def run(self, at):
        abort = struct.pack('ii', 1, 0)
        for number in range(1000):
            with socket.socket() as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, abort)
                try:
                    sock.connect(('127.0.0.1', at.port))
                except OSError:
                    continue  # the queue of a victim that has no descriptor left
                if number % 3:
                    sock.send(http2.PREFACE[:number % 24] if number % 3 == 1 else http2.PREFACE + http2.settings())
        with at.connect() as connection:
            expect(http2.call(connection, 1).status == 0, 'a new connection does not work')


class OutOfDescriptors(Attack):
    """More connections than `ulimit -n` allows, held for a while"""
    descriptors = 64
    busy = False
    memory = 16 * MIB

    def run(self, at):
        held = []
        processor, began = at.victim.cpu(), time.monotonic()
        try:
            for _ in range(100):
                held.append(at.connect())
            pause(1)
            share = (at.victim.cpu() - processor) / (time.monotonic() - began)
            expect(at.sanitized or share < 0.5, f'uses {share:.2f} of a processor')
        finally:
            for connection in held:
                connection.sock.close()
        with at.connect() as connection:
            expect(http2.call(connection, 1).status == 0, 'a new connection does not work afterwards')


class MoreThanMaxConnections(Attack):
    """More connections than the server takes"""
    options = ('--max-connections', 20)
    busy = False

    def run(self, at):
        held = [at.connect() for _ in range(60)]
        try:
            pause(0.5)
            # The well-behaved client's is among the twenty.
            served = sum(bool(connection.take_in(lambda: connection.seen, 0.01)) for connection in held)
            expect(served <= 19, f'{served} connections are served')
            at.note('descriptors', at.victim.descriptors())
        finally:
            for connection in held:
                connection.sock.close()
        with at.connect() as connection:
            expect(http2.call(connection, 1).status == 0, 'a new connection does not work afterwards')
