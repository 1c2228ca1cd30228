# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 by hand (RFC 9113): frames in bytes, header blocks of literals, and a connection that reads what comes.
A gRPC message in bytes is grpc_body.py's.

Nothing here keeps a peer from breaking the protocol: that is what it is for. Only the decoding of header blocks is
nghttp2's, by ctypes.
"""
import ctypes
import ctypes.util
import select
import socket
import ssl
import struct
import time
from collections import namedtuple

PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, HAS_PRIORITY = 1, 1, 4, 8, 32
(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR,
 REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM) = range(12)
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, \
    MAX_HEADER_LIST_SIZE = range(1, 7)

FRAME_HEAD = 9
Frame = namedtuple('Frame', 'type flags stream body')


# ---- frames ----------------------------------------------------------------------------------------------------------

def frame(kind, flags, stream, body=b''):
    return len(body).to_bytes(3, 'big') + struct.pack('>BBI', kind, flags, stream) + body


def parse_head(nine):
    """(size of the body, type, flags, stream)."""
    kind, flags, stream = struct.unpack('>BBI', nine[3:])
    return int.from_bytes(nine[:3], 'big'), kind, flags, stream & 0x7fffffff


def settings(*pairs):
    return frame(SETTINGS, 0, 0, b''.join(struct.pack('>HI', *pair) for pair in pairs))


SETTINGS_ACK = frame(SETTINGS, ACK, 0)


def parse_settings(body):
    """{setting: value}."""
    return dict(struct.iter_unpack('>HI', body))


def ping(body=b'12345678', flags=0):
    return frame(PING, flags, 0, body)


def reset(stream, error=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack('>I', error))


def window_update(stream, by):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack('>I', by))


def goaway(last=0, error=NO_ERROR, text=b''):
    return frame(GOAWAY, 0, 0, struct.pack('>II', last, error) + text)


def data(stream, body=b'', end=False):
    """In frames of at most 16 KiB, as every peer takes them."""
    pieces = [body[i:i + 16384] for i in range(0, len(body), 16384)] or [b'']
    return b''.join(frame(DATA, END_STREAM if end and i == len(pieces) - 1 else 0, stream, piece)
                    for i, piece in enumerate(pieces))


def headers(stream, block, end=False, end_headers=True):
    """One HEADERS frame, and CONTINUATION frames where the block is longer than a frame may be."""
    first, rest = block[:16384], block[16384:]
    flags = END_STREAM if end else 0
    out = [frame(HEADERS, flags | (END_HEADERS if end_headers and not rest else 0), stream, first)]
    while rest:
        first, rest = rest[:16384], rest[16384:]
        out.append(frame(CONTINUATION, END_HEADERS if end_headers and not rest else 0, stream, first))
    return b''.join(out)


# ---- header blocks (RFC 7541) ----------------------------------------------------------------------------------------

def integer(value, prefix_bits, pattern=0):
    most = (1 << prefix_bits) - 1
    if value < most:
        return bytes([pattern | value])
    out = bytearray([pattern | most])
    value -= most
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def string(text):
    return integer(len(text), 7) + text


def as_bytes(text):
    return text.encode() if isinstance(text, str) else text


def literal(name, value, indexed=False):
    """A field with a name and a value of its own; `indexed`: it goes into the peer's table."""
    return (b'\x40' if indexed else b'\x00') + string(as_bytes(name)) + string(as_bytes(value))


def indexed(index):
    return integer(index, 7, 0x80)


def block(fields):
    return b''.join(literal(name, value) for name, value in fields)


class Value(ctypes.Structure):
    _fields_ = [('name', ctypes.c_void_p), ('value', ctypes.c_void_p), ('name_size', ctypes.c_size_t),
                ('value_size', ctypes.c_size_t), ('flags', ctypes.c_uint8)]


class Decoder:
    """nghttp2's header decoder."""
    library = None

    def __init__(self):
        if Decoder.library is None:
            Decoder.library = ctypes.CDLL(ctypes.util.find_library('nghttp2') or 'libnghttp2.so.14')
            Decoder.library.nghttp2_hd_inflate_hd2.restype = ctypes.c_ssize_t
            Decoder.library.nghttp2_hd_inflate_hd2.argtypes = [
                ctypes.c_void_p, ctypes.POINTER(Value), ctypes.POINTER(ctypes.c_int), ctypes.c_char_p, ctypes.c_size_t,
                ctypes.c_int]
        self.native = ctypes.c_void_p()
        Decoder.library.nghttp2_hd_inflate_new(ctypes.byref(self.native))

    def __del__(self):
        Decoder.library.nghttp2_hd_inflate_del(self.native)

    def decode(self, coded):
        fields = []
        field, flags = Value(), ctypes.c_int()
        emits, final = 2, 1
        while True:
            used = Decoder.library.nghttp2_hd_inflate_hd2(self.native, ctypes.byref(field), ctypes.byref(flags), coded,
                                                          len(coded), 1)
            if used < 0:
                raise ValueError('a header block that cannot be decoded')
            coded = coded[used:]
            if flags.value & emits:
                fields.append((ctypes.string_at(field.name, field.name_size).decode('latin-1'),
                               ctypes.string_at(field.value, field.value_size).decode('latin-1')))
            if flags.value & final:
                Decoder.library.nghttp2_hd_inflate_end_headers(self.native)
                return fields
            if not coded and not flags.value & emits:
                raise ValueError('a header block that ends early')


# ---- a connection ----------------------------------------------------------------------------------------------------

class Answer:
    """What came on one stream."""

    def __init__(self):
        self.fields = []   # of every header list
        self.lists = 0
        self.body = b''
        self.ended = False
        self.error = None  # of RST_STREAM

    def get(self, name):
        return next((value for key, value in self.fields if key == name), None)

    @property
    def status(self):
        """grpc-status; None while there is none."""
        number = self.get('grpc-status')
        return None if number is None else int(number)

    def __str__(self):
        if self.error is not None:
            return f'RST_STREAM {self.error}'
        if not self.ended:
            return 'no end'
        return f'{self.get(":status")} grpc-status {self.get("grpc-status")} {self.get("grpc-message") or ""}'.strip()


class Connection:
    """One side of HTTP/2 on a socket: sends what it is given; takes in what comes when asked to.

    `answers_pings`, `opens_windows`: what a polite peer does while it reads.
    """

    def __init__(self, sock, opening=b''):
        self.sock = sock
        self.sock.setblocking(False)
        self.unread = b''
        self.answers = {}
        self.decoder = Decoder()
        self.block = b''
        self.seen = []       # (type, flags, stream) of each frame
        self.goaway = None   # (last stream, error, text)
        self.closed = False  # by the peer
        self.answers_pings = True
        self.opens_windows = True
        self.acknowledges = True
        self.sent = 0
        if opening:
            self.send(opening)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def answer(self, stream):
        return self.answers.setdefault(stream, Answer())

    def send(self, what, limit=5, reading=False):
        """True when the peer took all of it within the limit. `reading`: takes in what comes meanwhile."""
        view = memoryview(what)
        end = time.monotonic() + limit
        while view and not self.closed:
            readable, writable = self._ready(end - time.monotonic(), reading, True)
            if not readable and not writable:
                return False
            if readable:
                self._read()
            if writable:
                try:
                    taken = self.sock.send(view[:262144])
                except BlockingIOError:
                    continue
                except OSError:
                    self.take_in(lambda: self.closed, 1)  # its last words
                    self.closed = True
                    return False
                view = view[taken:]
                self.sent += taken
        return not view

    def take_in(self, until, limit=5):
        """Reads until `until()` holds or the connection is closed: True when it holds."""
        end = time.monotonic() + limit
        while not until():
            left = end - time.monotonic()
            if self.closed or left <= 0:
                return until()
            if self._ready(left, True, False)[0]:
                self._read()
        return True

    def _ready(self, limit, read, write):
        """Whether the socket can be read and written, once one of what is asked for holds or the time is over."""
        poll = select.poll()
        poll.register(self.sock, (select.POLLIN if read else 0) | (select.POLLOUT if write else 0))
        events = dict(poll.poll(max(0, limit) * 1000)).get(self.sock.fileno(), 0)
        broken = events & (select.POLLHUP | select.POLLERR)
        return bool(read and (events & select.POLLIN or broken)), bool(write and (events & select.POLLOUT or broken))

    def until_closed(self, limit=5):
        return self.take_in(lambda: self.closed, limit)

    def until_ended(self, *streams, limit=5):
        def over(stream):
            found = self.answer(stream)
            return found.ended or found.error is not None
        return self.take_in(lambda: all(over(stream) for stream in streams), limit)

    def _read(self):
        try:
            got = self.sock.recv(262144)
            while getattr(self.sock, 'pending', int)():  # what TLS has read already
                got += self.sock.recv(262144)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError:
            got = b''
        if not got:
            self.closed = True
            return
        self.unread += got
        at = 0
        while len(self.unread) - at >= FRAME_HEAD:
            size, *rest = parse_head(self.unread[at:at + FRAME_HEAD])
            end = at + FRAME_HEAD + size
            if len(self.unread) < end:
                break
            self._frame(Frame(*rest, self.unread[at + FRAME_HEAD:end]))
            at = end
        self.unread = self.unread[at:]

    def _frame(self, got):
        self.seen.append((got.type, got.flags, got.stream))
        if got.type == SETTINGS and not got.flags & ACK and self.acknowledges:
            self._reply(SETTINGS_ACK)
        elif got.type == PING and not got.flags & ACK and self.answers_pings:
            self._reply(ping(got.body, ACK))
        elif got.type == GOAWAY:
            self.goaway = (*struct.unpack('>II', got.body[:8]), got.body[8:].decode(errors='replace'))
        elif got.type == RST_STREAM:
            self.answer(got.stream).error = struct.unpack('>I', got.body)[0]
        elif got.type == DATA:
            self._data(got)
        elif got.type in (HEADERS, CONTINUATION):
            self._headers(got)
        self.on_frame(got)

    def on_frame(self, got):
        """For whoever derives: every frame, after it was taken in."""

    def _data(self, got):
        body = got.body
        if got.flags & PADDED:
            body = body[1:len(body) - body[0]]
        found = self.answer(got.stream)
        found.body += body
        found.ended = found.ended or bool(got.flags & END_STREAM)
        if self.opens_windows and got.body:
            self._reply(window_update(0, len(got.body)))
            if not found.ended:
                self._reply(window_update(got.stream, len(got.body)))

    def _headers(self, got):
        body = got.body
        if got.type == HEADERS:
            if got.flags & PADDED:
                body = body[1:len(body) - body[0]]
            if got.flags & HAS_PRIORITY:
                body = body[5:]
            self.block, self.block_ends = b'', bool(got.flags & END_STREAM)
        self.block += body
        if got.flags & END_HEADERS:
            found = self.answer(got.stream)
            found.fields += self.decoder.decode(self.block)
            found.lists += 1
            found.ended = found.ended or self.block_ends

    def _reply(self, what):
        self.send(what, limit=1)


def connect(port, opening=None, receive_buffer=None, through=lambda sock: sock):
    """A client's connection to a server on this machine. `opening` stands for the preface and SETTINGS."""
    sock = socket.socket()
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.connect(('127.0.0.1', port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Connection(through(sock), PREFACE + settings() if opening is None else opening)
