# SPDX-License-Identifier: Apache-2.0
"""P15: from the start of a process to the first reply that it gives or gets, the loader included.

The server is asked by a few bytes from here, so that no other process has to start; the client asks the
floor server.
"""

import socket
import statistics
import struct
import time

from measures import COUNTERPART, MEASURED
from processes import DEADLINE, Failed, Skip, read_line
from requirements import Requirement

KEY = "start"
TITLE = "start of the process to the first reply: ms"
MORE_IS_BETTER = False
SECONDS = (5, 25)
PLOT = {"bars": True}
REQUIREMENTS = [
    Requirement("P15", f"{side}, start to first reply, ms", KEY, side, "limit", 50, 15, at_least=False)
    for side in ("server", "client")
]
HEADERS, SETTINGS, END_STREAM, END_HEADERS = 1, 4, 1, 4


def frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def field(name, value):
    """A literal that enters no table (RFC 7541, 6.2.2)."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def request():
    block = b"\x83\x86" + field(b":path", b"/bench.Echo/Unary") + field(b":authority", b"localhost")
    block += field(b"te", b"trailers") + field(b"content-type", b"application/grpc")
    message = b"\0" + struct.pack(">I", 12) + b"\x0a\x0a" + b"x" * 10
    start = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0, b"")
    return start + frame(HEADERS, END_HEADERS, 1, block) + frame(0, END_STREAM, 1, message)


def call(port):
    """Returns with the trailers."""
    with socket.create_connection(("127.0.0.1", int(port)), DEADLINE) as connection:
        connection.sendall(request())
        with connection.makefile("rb") as replies:
            while head := replies.read(9):
                replies.read(int.from_bytes(head[:3], "big"))
                if head[3] == HEADERS and head[4] & END_STREAM:
                    return
    raise Failed("the connection was closed without a reply")


def server_start(bench, each):
    begin = time.perf_counter()
    server, port = bench.children.start_server(MEASURED, each.server)
    try:
        call(port)
        return (time.perf_counter() - begin) * 1e3
    finally:
        bench.children.end(server)


def client_start(bench, each, port):
    command = [*each.client, "--port", port, "--calls", "1"]
    begin = time.perf_counter()
    client = bench.children.start(MEASURED, command)
    try:
        read_line(client, command)
        return (time.perf_counter() - begin) * 1e3
    finally:
        bench.children.end(client)


def measure(bench):
    def measures(side, once):
        def figure(each):
            return statistics.median(once(each) for _ in range(3 if bench.quick else 7))

        return {each.name: lambda each=each: figure(each) for each in bench.having(side)}

    floor = bench.named("floor")
    if not floor or not floor.server:
        raise Skip("the clients need the floor server as counterpart")
    servers = bench.interleaved("start, server", measures("server", lambda each: server_start(bench, each)))
    with bench.servers(COUNTERPART, [floor]) as started:
        for _, port in started.values():
            once = measures("client", lambda each: client_start(bench, each, port))
            return {"server": servers, "client": bench.interleaved("start, client", once)}
    raise Failed("the floor server does not start")
