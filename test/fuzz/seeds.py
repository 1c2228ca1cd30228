#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the inputs that the fuzz targets start from: a folder for each target.

Each is a conversation that works, or nearly so, in the form that its target reads; the fuzzer takes it from there. What
fuzzing found lies beside, in corpus/TARGET.

Usage: seeds.py FOLDER
"""

import gzip
import shutil
import struct
import sys
import zlib
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # for test/support

from support.grpc_body import message  # noqa: E402
from support.http2 import (  # noqa: E402
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PADDED, PING, PREFACE, PRIORITY, SETTINGS,
    block, frame)
from support.http2 import PUSH_PROMISE as PUSH, RST_STREAM as RST, WINDOW_UPDATE as WINDOW  # noqa: E402


def fields(*pairs):
    return block(pairs)


def request(stream, method, *more, flags=END_HEADERS):
    return frame(HEADERS, flags, stream, fields(
        (":method", "POST"), (":scheme", "http"), (":path", "/test.Text/" + method), (":authority", "fuzz"),
        ("te", "trailers"), ("content-type", "application/grpc"), *more))


def response(stream):
    return frame(HEADERS, END_HEADERS, stream, fields((":status", "200"), ("content-type", "application/grpc")))


def trailers(stream, *more, code="0"):
    return frame(HEADERS, END_HEADERS | END_STREAM, stream, fields(("grpc-status", code), *more))


def trailers_only(stream, code):
    return frame(HEADERS, END_HEADERS | END_STREAM, stream, fields(
        (":status", "200"), ("content-type", "application/grpc"), ("grpc-status", code), ("grpc-message", "a%20b")))


def setting(number, value):
    return struct.pack(">HI", number, value)


def number(value, size=4):
    return value.to_bytes(size, "big")


def requests():
    """What a client says, by name."""
    yield "unary", request(1, "Unary") + frame(DATA, END_STREAM, 1, message(b"hello"))
    yield "server", request(1, "Server") + frame(DATA, END_STREAM, 1, message(b"n\x05"))
    yield "client", request(1, "Client") + frame(DATA, 0, 1, message(b"a") + message(b"b")) + frame(DATA, END_STREAM, 1)
    yield "bidi", request(1, "Bidi") + frame(DATA, 0, 1, message(b"a")) + frame(DATA, END_STREAM, 1, message(b"b"))
    yield "large", request(1, "Unary") + frame(DATA, END_STREAM, 1, message(b"b\xff"))
    yield "failing", request(1, "Unary") + frame(DATA, END_STREAM, 1, message(b"d\x05"))
    yield "metadata", request(1, "Unary", ("some-bin", "AAEC,/w=="), ("some-key", "v")) + frame(
        DATA, END_STREAM, 1, message(b"tmore"))
    yield "deadline", request(1, "Bidi", ("grpc-timeout", "10m")) + frame(DATA, 0, 1, message(b"w"))
    yield "reset", request(1, "Bidi") + frame(DATA, 0, 1, message(b"s\x10")) + frame(RST, 0, 1, number(8))
    yield "unknown", request(1, "None") + request(3, "Unary", ("grpc-encoding", "gzip"))
    yield "two", request(1, "Unary") + request(3, "Unary") + frame(DATA, END_STREAM, 3, message(b"x")) + frame(
        DATA, END_STREAM, 1, message(b"y"))
    yield "window", frame(SETTINGS, 0, 0, setting(4, 3)) + request(1, "Unary") + frame(
        DATA, END_STREAM, 1, message(b"hello")) + frame(WINDOW, 0, 1, number(100))
    yield "continued", request(1, "Unary", flags=0) + frame(CONTINUATION, END_HEADERS, 1, fields(("k", "v"))) + frame(
        DATA, END_STREAM | PADDED, 1, b"\x03" + message(b"hello") + b"\0\0\0")
    yield "control", frame(PING, 0, 0, b"12345678") + frame(PRIORITY, 0, 1, number(0, 5)) + frame(
        GOAWAY, 0, 0, number(0) + number(0)) + frame(0xfa, 0, 0, b"unknown")


def responses():
    """What a server says; the client's calls are 1 unary, 3 server streaming, 5 client streaming, 7 bidirectional."""
    def whole(stream, *bodies):
        return response(stream) + frame(DATA, 0, stream, b"".join(map(message, bodies))) + trailers(stream)
    yield "unary", whole(1, b"hello")
    yield "all", whole(1, b"hello") + whole(3, b"a", b"b") + whole(5, b"sum") + whole(7, b"x", b"y")
    yield "failed", trailers_only(1, "5") + trailers_only(3, "14")
    yield "metadata", response(1) + frame(DATA, 0, 1, message(b"x")) + trailers(
        1, ("grpc-status-details-bin", "AAEC"), ("some-bin", "AA,AQ"), code="13")
    yield "plain", frame(HEADERS, END_HEADERS, 1, fields((":status", "503"), ("content-type", "text/html"))) + frame(
        DATA, END_STREAM, 1, b"sorry")
    yield "early", frame(HEADERS, END_HEADERS, 1, fields((":status", "100"))) + whole(1, b"hello")
    yield "goaway", frame(GOAWAY, 0, 0, number(1) + number(0) + b"bye") + whole(1, b"hello")
    yield "reset", response(3) + frame(DATA, 0, 3, message(b"a")) + frame(RST, 0, 3, number(8)) + frame(RST, 0, 1, number(7))
    yield "slow", response(3) + frame(DATA, 0, 3, message(b"s")) + frame(DATA, 0, 3, message(b"s")) + trailers(3)
    yield "window", frame(SETTINGS, 0, 0, setting(4, 1) + setting(3, 1)) + frame(WINDOW, 0, 0, number(100)) + whole(1, b"x")
    yield "push", frame(PUSH, END_HEADERS, 1, number(2) + fields((":method", "GET")))


def server_bytes():
    for name, said in requests():
        yield name, b"\x01" + said
        yield name + "_cut", b"\x03" + said
    yield "preface", b"\x08" + PREFACE + frame(SETTINGS, 0, 0)
    yield "http1", b"\x00GET / HTTP/1.1\r\nhost: a\r\n\r\n"
    yield "tls", b"\x00\x16\x03\x01\x02\x00\x01"


def client_bytes():
    for name, said in responses():
        yield name, b"\x01" + said
        yield name + "_cut", b"\x03" + said
    yield "http1", b"\x00HTTP/1.1 400 Bad Request\r\n\r\n"
    yield "tls", b"\x00\x15\x03\x01\x00\x02\x02\x46"


def split():
    for name, said in requests():
        yield "server_" + name, b"\x82\x01\x05" + said
    for name, said in responses():
        yield "client_" + name, b"\x83\x03\x01" + said
    wrong = frame(HEADERS, END_HEADERS, 1, fields((":method", "POST"), (":scheme", "http"), (":path", "/"), ("te", "gzip")))
    yield "server_violation_behind_a_wrong_field", b"\x82\x01\x05" + wrong + frame(DATA, 0, 3, b"x")
    leave = frame(GOAWAY, 0, 0, number(0) + number(0) + b"bye")
    behind = frame(DATA, END_STREAM, 1, message(b"x")) + request(3, "Unary") + frame(PING, 0, 0, b"12345678")
    for cut in (20, 90, 100, 110, 200):
        yield f"server_left_{cut}", bytes([0x80, cut]) + request(1, "Unary") + leave + behind
        yield f"client_left_{cut}", bytes([0x81, cut]) + frame(GOAWAY, 0, 0, number(0x7fffffff) + number(0)) + b"".join(
            trailers_only(stream, "0") for stream in (1, 3, 5)) + leave
    yield "client_http1", b"\x03\x00\x00HTTP/1.1 400 Bad Request\r\n\r\n"


# The scripts of frames: a byte for the step, bytes for its details (see frame_script.cpp).
def script_request(path, how=0, block=b"\0"):
    return bytes([0, how, path]) + block


def script_messages(body, how=0x80, back=0):
    return bytes([2, how, back, len(body)]) + body


def server_frames():
    for path, name in enumerate(("unary", "server", "client", "bidi", "none")):
        yield name, b"\0" + script_request(path) + script_messages(b"n\x03") + b"\x0e"
    yield "commands", b"\0" + b"".join(
        script_request(i % 4) + script_messages(command) + b"\x0e"
        for i, command in enumerate((b"s\x10", b"w", b"y", b"f\x05", b"d\x05", b"x", b"ikey", b"j", b"h", b"t", b"l\xff", b"b\xff", b"q")))
    yield "deaf", b"\0" + b"\x0d\x00" + script_request(3) + script_messages(b"b\xff", how=0x30) * 4 + b"\x0d\x01\x0e"
    yield "windows", b"\0" + b"\x08\x01\x04\x01" + script_request(1) + script_messages(b"n\x09") + b"\x09\x00\x00\x03\x0e"
    yield "slow", b"\x0f" + script_request(0) + script_messages(b"hello") + b"\x0d\x05\xff\x0e"
    yield "cancelled", b"\0" + script_request(3) + script_messages(b"w", how=0) + b"\x0e\x0c\x00\x08\x0e"
    yield "odd", b"\0" + b"\x07\x05" + b"\x00\x00\x01\x01\x02\x02" + b"\x0b\xfa\x00\x00\x00\x03abc\x0a\x00\x01"
    yield "timeout", b"\0" + script_request(3, how=1, block=b"\x0a\x12\0") + script_messages(b"w", how=0) + b"\x0d\x05\x20\x0e"


def client_frames():
    def whole(back, bodies):
        out = bytes([0, 0, back, 0])
        for body in bodies:
            out += script_messages(body, how=0, back=back)
        return out + bytes([5, 0, back, 0])
    yield "unary", b"\0" + whole(0, (b"hello",)) + b"\x0e"
    yield "all", b"\0" + whole(0, (b"a",)) + whole(1, (b"a", b"b")) + whole(2, (b"a",)) + whole(3, (b"a", b"b"))
    yield "slow", b"\0" + bytes([0, 0, 1, 0]) + script_messages(b"s", how=0x30, back=1) + b"\x0d\x05\x10" + bytes([5, 0, 1, 0])
    yield "windows", b"\0" + b"\x0d\x05\x10\x09\x00\x03\x04\x09\x02\x06\x0e"
    yield "goaway", b"\0" + b"\x0a\x02\x01\x00\x03bye" + whole(0, (b"hello",))
    yield "failed", b"\0" + bytes([5, 0x25, 0, 3]) + b"why" + b"\0" + bytes([0, 0x80, 1, 0])
    yield "reset", b"\0" + b"\x0c\x00\x07\x0c\x01\x08\x0e"
    yield "settings", b"\0" + b"\x08\x03\x03\x01\x04\x00\x05\x07" + whole(0, (b"x",)) + b"\x0d\x02"


def deframer():
    many = message(b"hello") + message(b"") + message(b"x" * 300, 1)
    yield "whole", b"\x03\x01\xff" + many
    yield "bytes", b"\x02\x08" + bytes(8) + many
    yield "mixed", b"\x02\x06\x03\x01\x02\x00\x07\x01" + many * 2
    yield "flag", b"\x03\x00" + message(b"x", 2)
    yield "large", b"\x01\x00" + message(b"x" * 11)
    yield "length", b"\x03\x00" + b"\0\xff\xff\xff\xffabc"


def decompress():
    text = b"hello, hello, hello"
    for limit in (0, 1, 2, 3):
        yield f"gzip{limit}", bytes([0, limit]) + gzip.compress(text, mtime=0)
        yield f"deflate{limit}", bytes([1, limit]) + zlib.compress(text)
    yield "gzip_bomb", b"\0\x02" + gzip.compress(bytes(1_000_000), mtime=0)
    yield "deflate_bomb", b"\1\x02" + zlib.compress(bytes(1_000_000))
    # A zstd frame (RFC 8878): magic, a header with the content's size, one raw block that is the last.
    yield "zstd", b"\2\x02" + b"\x28\xb5\x2f\xfd\x20\x05" + number(5 << 3 | 1, 3)[::-1] + b"hello"
    yield "zstd_run", b"\2\x02" + b"\x28\xb5\x2f\xfd\x20\xff" + number(255 << 3 | 3, 3)[::-1] + b"x"
    yield "zstd_unknown_size", b"\2\x03" + b"\x28\xb5\x2f\xfd\x00\x58" + number(5 << 3 | 1, 3)[::-1] + b"hello"


def tls():
    def hello(more=b""):
        return b"\0" * 60 + more  # steps that carry everything both ways
    yield "hands", hello()
    yield "words", hello(b"\4\5hello\5\5world" + b"\0" * 20)
    yield "cut", b"\1\x07\2\x05" * 40 + b"\4\5hello" + b"\0" * 10
    yield "flipped", b"\0\3\x05\1" + b"\0" * 20
    yield "late", hello(b"\4\5hello\3\x09\x40" + b"\0" * 10)
    yield "http", b"\6\x0eGET / HTTP/1.1" + b"\0" * 5
    yield "h2", b"\6\x06PRI * " + b"\0" * 5
    yield "alert", b"\7\x07\x15\x03\x01\x00\x02\x02\x46" + b"\0" * 5
    yield "failed_behind_an_end", b"\0\0\x08" + bytes(27) + b"\6\6PRI \0\0*" + bytes(5)
    yield "raw_behind_a_failure", bytes(30) + b"\x08" + bytes(30) + b"\7\5hello" + bytes(10) + b"\7\5hello" + bytes(10)
    yield "ended", hello(b"\x08\0\0\x09\0\0\x0a\0")


def fields_seeds():
    for i, text in enumerate(("1S", "99999999H", "0n", "12345678u", "123456789n", "1")):
        yield f"timeout{i}", b"\0\0" + text.encode()
    yield "duration", b"\0\x01" + number(3600 * 10**9, 8)
    yield "percent", b"\1" + "100% \t\n\u263a %41%4".encode()
    for i, text in enumerate(("AAEC", "AA==", "AA=", "A", "A/+9", "!")):
        yield f"base64_{i}", b"\2" + text.encode()
    for i, text in enumerate(("application/grpc", "Application/GRPC+Proto ; a=b", "application/grpc-web")):
        yield f"type{i}", b"\3" + text.encode()
    one = b"\0\x06\x01\x05"  # grpc-status: 0
    yield "trailers_read", b"\4\x03" + one + b"\0\x07\x00\x05a%20b" + b"\0\x08\x01\x08"
    yield "trailers_two", b"\4\x02" + one + one
    yield "trailers_own", b"\4\x02" + one + b"\x03\x08some-bin\x00\x05AA,AQ"
    yield "trailers_written", b"\5\x0d\x05 why?\x03\0\1\2\x02\x01\x06my-bin\x02\xff\0\x01\x03key\x03 v \x01"
    yield "request", b"\6\x04" + b"\0\x01\x01\x01\0\x02\x01\x02\0\x05\x01\x04\0\x09\x01\x09" + b"\1" + number(10**9, 6) + b"\0"
    yield "response", b"\7\x02" + b"\0\x00\x01\x00\0\x05\x01\x04"


def operations():
    def call(kind, said=b"hello", how=0, more=b""):
        return bytes([0, kind | how, len(said)]) + said + more
    read, write, done, cancel, drop = b"\x03\x00", b"\x03\x03", b"\x03\x05", b"\x03\x06", b"\x03\x07"
    settle = b"\x0e"
    yield "unary", b"\0" + call(0) + read + b"\0" + settle
    yield "server", b"\0" + call(1, b"n\x04") + (read + b"\0" + settle) * 5
    yield "client", b"\0" + call(2) + (write + b"\0\x02hi" + settle) * 3 + read + b"\0" + settle
    yield "bidi", b"\0" + call(3) + (write + b"\0\x02hi" + read + b"\0" + settle) * 2 + done + b"\0" + read + b"\0"
    yield "generated", b"\0" + call(2, b"p", 64) + read + b"\0" + b"\x0b\x20\x20" + call(3, b"p", 64) + read + b"\1\x0b\x10\x10"
    yield "deadline", b"\0" + call(0, b"w", 4, b"\x05") + read + b"\0" + settle + b"\x0b\x10\x10"
    yield "cancelled", b"\1" + call(3, b"w") + write + b"\0\x01w" + read + b"\0" + settle + cancel + b"\0" + settle + drop + b"\0"
    yield "stopped", b"\0" + call(1, b"w\x05") + read + b"\0" + settle + b"\x0c\0" + settle
    yield "drained", b"\0" + call(0, b"s\x10") + read + b"\0" + settle + b"\x08\x01\x0a" + settle + b"\x0b\xff\x10" + b"\x08\x02" + call(0) + read + b"\1" + settle
    yield "broken", b"\0" + b"\x0a\x01\x02\x05" + call(0) + read + b"\0" + settle + b"\x0b\xff\xff" + settle
    yield "closed", b"\0" + call(3) + read + b"\0" + settle + b"\x09\x00" + settle + b"\x09\x02" + call(0) + read + b"\1"
    yield "shut", b"\0" + call(0, b"s\x20") + read + b"\0" + settle + b"\x09\x01\x05" + settle + b"\x0b\x20\x20"
    yield "dropped", b"\7" + call(3, b"w") + write + b"\0\x01w" + read + b"\0" + settle + call(0, b"w") + read + b"\1"
    yield "large", b"\0" + call(3) + b"\x03\x04\0\xff" * 4 + settle + (read + b"\0") * 4 + settle
    yield "steps", b"\0" + call(0) + read + b"\0" + b"\x0d\x01" * 10


def hpack():
    added = b"\x40\x01a\x01b"
    coded = bytes.fromhex("828684418cf1e3c2e5f23a6ba0ab90f4ff")
    blocks = {"static": (b"\x82\x86\x84", b"\x82\x86\x84"), "added": (added, b"\xbe", b"\x7e\x02cd", b"\xbe\xbf"),
              "coded": (coded, b"\xbe"), "not_added": (b"\x00\x01a\x01b", b"\x10\x01a\x81\x1f", b"\x0f\x10\x02to"),
              "resized": (b"\x20" + added, b"\xbe", b"\x3f\xe1\x1f" + added, b"\x20\x3f\x21\xbe"),
              "large": (b"\x40\x01n\x7f\x49" + bytes(200), *[b"\x7e\x7f\x49" + bytes(200)] * 20, b"\xbe\xbf\xc0\xc8")}
    for name, each in blocks.items():
        yield name, b"".join(bytes([len(block)]) + block for block in each)


def messages():
    for how in range(8):
        yield f"right{how}", bytes([how, 3, 0, 0, 1, 0, 1, 2, 0, 2, 1])
        yield f"length{how}", bytes([how, 3, 0, 1, 3, 0, 6, 0, 32, 0, 1, 2, 1, 2, 1])


def addresses():
    texts = """dns:///localhost:50051 dns:localhost localhost:50051 localhost dns://192.0.2.53:53/host:1 ipv4:192.0.2.1:80,192.0.2.2:81
        unix:////run/x.sock ipv6:[2001:db8::1]:80 ipv6:[fe80::1%lo]:80 ::1 [::1]:0 unix:/run/x.sock unix:///run/x.sock unix:relative unix-abstract:name
        :50051 *:1 0.0.0.0:65535 127.0.0.1:65536 http://example.org https://example.org:443/ [::ffff:192.0.2.1]:5 ipv4: unix:
        localhost.:1 a.localhost:1 [::1 [::1]x 1.2.3.4.5:6 host:port dns://[::1]:53/h ipv6:::1""".split()
    for i, text in enumerate(texts):
        yield f"{i:02}", text.encode()
    yield "blank", b"ho st:1"
    yield "nul", b"unix:a\0b"
    yield "control", b"dns://\n"


def plugin():
    # A package, a message M, a service of two methods, comments; then names that need care.
    yield "plain", b"\0\x01\x01\x01\x01\0\0\0\1\x01\x01\x01\0\x01\x01\0\0\0\1\x01\x02\x01\x01\0\0\0\0\0\0\0\0\0"
    for i in range(24):
        yield f"names{i:02}", b"\0" + bytes((i * 37 + j * (2 * i + 1)) % 256 for j in range(120))
    yield "raw", b"\3\x0a\x07a.proto\x7a\x2d\x0a\x07a.proto\x12\x01p\x22\x03\x0a\x01M\x32\x11\x0a\x01S\x12\x0c\x0a\x01m\x12\x03.p.M\x1a\x03.p.Mb\x06proto3"


TARGETS = {"addresses": addresses, "client_bytes": client_bytes, "client_frames": client_frames, "decompress": decompress,
           "deframer": deframer,
           "fields": fields_seeds, "hpack": hpack, "messages": messages, "operations": operations, "plugin": plugin, "server_bytes": server_bytes,
           "server_frames": server_frames, "split": split, "tls": tls}


def main():
    root = Path(sys.argv[1])
    shutil.rmtree(root, ignore_errors=True)
    for target, make in TARGETS.items():
        folder = root / target
        folder.mkdir(parents=True)
        for name, content in make():
            (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
