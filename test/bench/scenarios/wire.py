# SPDX-License-Identifier: Apache-2.0
"""Bytes on the connection for a unary call, without the message, in steady state.

Counted on the sockets of the load and of the canned server, so that what the connection says besides
(WINDOW_UPDATE, PING) has its share. Exact: one round.
"""

import os

import shapes
from measures import COUNTERPART, MEASURED, client_command, shape_options
from processes import Skip
from requirements import Requirement

KEY = "wire"
TITLE = f"bytes beyond the message, unary call at {shapes.name(shapes.COUNTED)}"
MORE_IS_BETTER = False
SECONDS = (8, 10)
PLOT = None
RESPONSE, REQUEST = "response", "request"
MESSAGE = 12  # bytes: what protobuf makes of a payload of 10
HUFFMAN_PATH = 13  # bytes of /bench.Echo/Unary; nghttp2 does not put :path into the HPACK table
REQUIREMENTS = [
    Requirement("P8", "bytes beyond the message, response", KEY, RESPONSE, "limit", 36),
    Requirement(
        "P8", f"bytes beyond the message, request (36 + {HUFFMAN_PATH} of the path)",
        KEY, REQUEST, "limit", 36 + HUFFMAN_PATH,
    ),
]
CALLS = (5000, 20000)


def measure(bench):
    canned = os.path.join(bench.directory, "canned")
    if not os.access(canned, os.X_OK):
        raise Skip("there is no program `canned` in the build directory")
    rows = {RESPONSE: {}, REQUEST: {}}
    for label, side, count in ((RESPONSE, "server", of_response), (REQUEST, "client", of_request)):
        for each in bench.having(side):
            if bench.few_rows and each.name not in ("sluice", "floor"):
                continue
            bench.progress.say(f"wire: {label}, {each.name}")
            figure = bench.attempt(each.name, lambda: count(bench, canned, each))
            if figure is not None:
                rows[label][each.name] = [round(figure, 2)]
    return rows


def of_response(bench, _, each):
    server, port = bench.children.start_server(MEASURED, each.server)
    try:
        how = ["--calls", str(CALLS[1]), "--warmup", str(CALLS[0])]
        command = [bench.load, "--port", port, *shape_options(shapes.COUNTED), *how]
        result, _ = bench.children.finish(bench.children.start(COUNTERPART, command), command)
    finally:
        bench.children.end(server)
    return result["received"] / CALLS[1] - MESSAGE


def of_request(bench, canned, each):
    def received(calls):
        server, port = bench.children.start_server(COUNTERPART, [canned])
        command = client_command(each.client, port, "unary", shapes.COUNTED, calls)
        try:
            bench.children.finish(bench.children.start(MEASURED, command), command)
        except BaseException:
            bench.children.end(server)
            raise
        result, _ = bench.children.stop(server, [canned])
        return result["received"]

    short, long = CALLS
    return (received(long) - received(short)) / (long - short) - MESSAGE
