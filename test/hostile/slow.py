# SPDX-License-Identifier: Apache-2.0
"""Peers that begin and do not go on. The victim's timers are of seconds, where their defaults are of ten and twenty."""
import threading

import http2
from attack import Attack, MIB, pause
from victims import expect

TIMERS = ('--handshake-timeout', 1500, '--header-block-timeout', 1500, '--settings-timeout', 1500)
HEADER_TIMER = ('--header-block-timeout', 1500)  # alone: SETTINGS cannot be acknowledged amid a header block
LIMIT = 6


class Slow(Attack):
    """`sockets` connections that send `opening`, and then `dribble` now and again."""
    abstract = True
    options = TIMERS
    busy = False
    sockets = 100
    opening = b''
    dribble = b''
    every = 0.3
    acknowledges = True

    def run(self, at):
        held = [at.connect(opening=self.opening) for _ in range(self.sockets)]
        stopped = threading.Event()
        try:
            for connection in held:
                connection.acknowledges = self.acknowledges
            if self.dribble:
                threading.Thread(target=self.go_on, args=(held, stopped), daemon=True).start()
            still_open = sum(not connection.until_closed(LIMIT if connection is held[0] else 2) for connection in held)
            expect(not still_open, f'{still_open} of {self.sockets} are not closed')
        finally:
            stopped.set()
            for connection in held:
                connection.sock.close()

    def go_on(self, held, stopped):
        at = 0
        while not stopped.wait(self.every):
            piece = self.dribble[at:at + 1] if len(self.dribble) < 30 else self.dribble
            at += 1
            for connection in held:
                try:
                    connection.sock.send(piece)
                except OSError:
                    pass  # closed: that is what is waited for


class NoPreface(Slow):
    """1000 sockets that say nothing"""
    sockets = 1000
    memory = 32 * MIB


class HalfPreface(Slow):
    """Half a preface"""
    opening = http2.PREFACE[:12]
    acknowledges = False


class DribbledPreface(Slow):
    """A preface of one byte now and again"""
    dribble = http2.PREFACE
    acknowledges = False


class NoSettings(Slow):
    """A preface without SETTINGS"""
    opening = http2.PREFACE
    acknowledges = False


class HalfSettings(Slow):
    """A preface and half a SETTINGS frame"""
    opening = http2.PREFACE + http2.settings((http2.INITIAL_WINDOW_SIZE, 1))[:11]
    acknowledges = False


class SettingsUnacknowledged(Slow):
    """SETTINGS that are never acknowledged"""
    opening = http2.PREFACE + http2.settings()
    acknowledges = False


class HalfHeaderBlock(Slow):
    """HEADERS without END_HEADERS, and no CONTINUATION"""
    options = HEADER_TIMER
    acknowledges = False
    opening = http2.PREFACE + http2.settings() + http2.headers(1, http2.request_block(), end_headers=False)


class HalfHeadersFrame(Slow):
    """Half of a HEADERS frame"""
    options = HEADER_TIMER
    acknowledges = False
    opening = http2.PREFACE + http2.settings() + http2.headers(1, http2.request_block())[:40]


class SlowContinuations(Slow):
    """A CONTINUATION frame now and again (CVE-2024-27316, slowly)"""
    options = HEADER_TIMER
    acknowledges = False
    opening = http2.PREFACE + http2.settings() + http2.headers(1, http2.request_block(), end_headers=False)
    dribble = http2.frame(http2.CONTINUATION, 0, 1, http2.literal('x-key', 'v' * 20))
