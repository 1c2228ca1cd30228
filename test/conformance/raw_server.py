# SPDX-License-Identifier: Apache-2.0
"""A server that writes HTTP/2 frames by hand, as one of the eight behaviours that no good server has.

It reads frame heads alone: it needs to know no header of a request. What it sends is HPACK without Huffman or table.
"""

import socket
import threading

from support import grpc_body, http2
from support.http2 import (
    ACK, DATA, END_HEADERS, END_STREAM, FRAME_HEAD, HEADERS, INITIAL_WINDOW_SIZE, INTERNAL_ERROR,
    MAX_CONCURRENT_STREAMS, PADDED, PING, PREFACE, SETTINGS, SETTINGS_ACK, WINDOW_UPDATE, block, frame)

LARGE = 100_000


def message(size):
    """A conformance.Bytes with a body of so many, framed."""
    return grpc_body.message(grpc_body.bytes_field(1, b'x' * size))


RESPONSE = block([(':status', '200'), ('content-type', 'application/grpc')])
TRAILERS = block([('grpc-status', '0')])


class Connection:
    """One client; the behaviours are the methods without underscore, called with each request that is whole."""

    def __init__(self, server, peer):
        self.server, self.peer = server, peer
        self.windows = {0: 65535}
        self.open, self.acked = set(), 0
        self.stream_window = 65535
        self.changed = threading.Condition()

    def send(self, *frames):
        self.peer.sendall(b''.join(frames))

    def exactly(self, count):
        got = b''
        while len(got) < count:
            piece = self.peer.recv(count - len(got))
            if not piece:
                raise EOFError
            got += piece
        return got

    def serve(self):
        try:
            if self.exactly(len(PREFACE)) != PREFACE:
                return
            self.send(http2.settings(*[(MAX_CONCURRENT_STREAMS, 1)] if self.server.behaviour == 'max_streams' else []))
            while True:
                size, kind, flags, stream = http2.parse_head(self.exactly(FRAME_HEAD))
                self.received(kind, flags, stream, self.exactly(size))
        except (EOFError, OSError):
            pass
        finally:
            self.peer.close()

    def received(self, kind, flags, stream, payload):
        if kind == SETTINGS and not flags & ACK:
            self.stream_window = http2.parse_settings(payload).get(INITIAL_WINDOW_SIZE, self.stream_window)
            self.send(SETTINGS_ACK)
        elif kind == PING:
            if flags & ACK:
                with self.changed:
                    self.acked += 1
                    self.changed.notify_all()
            else:
                self.send(http2.ping(payload, ACK))
        elif kind == WINDOW_UPDATE:
            with self.changed:
                self.windows[stream] = self.windows.get(stream, 0) + int.from_bytes(payload, 'big')
                self.changed.notify_all()
        elif kind in (HEADERS, DATA):
            if kind == HEADERS:
                self.open.add(stream)
                self.windows[stream] = self.windows.get(stream, 0) + self.stream_window
                self.server.note(len(self.open))
            if flags & END_STREAM:
                threading.Thread(target=self.answer, args=(stream,), daemon=True).start()

    def answer(self, stream):
        try:
            getattr(self, self.server.behaviour)(stream)
        except OSError:
            pass

    # ---- behaviours ----

    def whole(self, stream, *behind):
        self.open.discard(stream)
        self.send(frame(HEADERS, END_HEADERS, stream, RESPONSE), frame(DATA, 0, stream, message(3)),
                  frame(HEADERS, END_HEADERS | END_STREAM, stream, TRAILERS), *behind)

    def goaway(self, stream):
        self.whole(stream, http2.goaway(stream))

    def rst_after_header(self, stream):
        self.send(frame(HEADERS, END_HEADERS, stream, RESPONSE), http2.reset(stream, INTERNAL_ERROR))

    def rst_during_data(self, stream):
        self.send(frame(HEADERS, END_HEADERS, stream, RESPONSE), frame(DATA, 0, stream, message(1000)[:500]),
                  http2.reset(stream, INTERNAL_ERROR))

    def rst_after_data(self, stream):
        self.send(frame(HEADERS, END_HEADERS, stream, RESPONSE), frame(DATA, 0, stream, message(1000)),
                  http2.reset(stream, INTERNAL_ERROR))

    def ping(self, stream):
        sent = 0
        for piece in (frame(HEADERS, END_HEADERS, stream, RESPONSE), frame(DATA, 0, stream, message(3)), b''):
            self.send(http2.ping(b'%08d' % sent), piece)
            sent += 1
        with self.changed:
            self.server.check(self.changed.wait_for(lambda: self.acked == sent, 5), 'each ping is answered')
        self.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, TRAILERS))

    def max_streams(self, stream):
        threading.Event().wait(0.02)  # long enough for others to come, if they would
        self.whole(stream)

    def data_frame_padding(self, stream):
        self.drip(stream, padding=255)

    def no_padding(self, stream):
        self.drip(stream, padding=None)

    def drip(self, stream, padding):
        """Five bytes a frame, within the windows, which count the padding and must come back."""
        whole = message(LARGE)
        self.send(frame(HEADERS, END_HEADERS, stream, RESPONSE))
        for at in range(0, len(whole), 5):
            payload = whole[at:at + 5]
            if padding is not None:
                payload = bytes([padding]) + payload + b'\0' * padding
            with self.changed:
                fits = self.changed.wait_for(
                    lambda: min(self.windows[0], self.windows[stream]) >= len(payload), 5)
                self.windows[0] -= len(payload)
                self.windows[stream] -= len(payload)
            self.server.check(fits, 'the windows open again')
            if not fits:
                return
            self.send(frame(DATA, 0 if padding is None else PADDED, stream, payload))
        self.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, TRAILERS))


class RawServer:
    """Serves on a free port of the loopback; `wrong` is what its clients did not do as they must."""

    def __init__(self, behaviour):
        self.behaviour, self.wrong, self.connections, self.most_open = behaviour, [], 0, 0
        self.listening = socket.create_server(('127.0.0.1', 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer, _ = self.listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=Connection(self, peer).serve, daemon=True).start()

    def check(self, holds, what):
        if not holds and what not in self.wrong:
            self.wrong.append(what)

    def note(self, open_streams):
        self.most_open = max(self.most_open, open_streams)

    def finish(self):
        self.listening.close()
        if self.behaviour == 'goaway':
            self.check(self.connections == 2, f'the second call is on a second connection (of {self.connections})')
        if self.behaviour == 'max_streams':
            self.check(self.most_open == 1, f'one stream at a time (there were {self.most_open})')
        return self.wrong
