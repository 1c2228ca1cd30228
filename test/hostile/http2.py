# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 by hand, as every test has it (test/support), and the calls of sluice.hostile.Victim."""
from support.grpc_body import *  # noqa: F401,F403
from support.http2 import *  # noqa: F401,F403
from support.grpc_body import bytes_field, message, varint_field
from support.http2 import block, data, headers

UNARY = '/sluice.hostile.Victim/Unary'


def request_fields(path=UNARY, **changes):
    """The fields of a gRPC request. A change of None leaves the field out; underscores stand for hyphens."""
    fields = {':method': 'POST', ':scheme': 'http', ':path': path, ':authority': 'victim', 'te': 'trailers',
              'content-type': 'application/grpc'}
    for name, value in changes.items():
        name = {'method': ':method', 'scheme': ':scheme', 'authority': ':authority'}.get(name, name.replace('_', '-'))
        if value is None:
            fields.pop(name, None)
        else:
            fields[name] = value
    return list(fields.items())


def request_block(path=UNARY, **changes):
    return block(request_fields(path, **changes))


def wish(payload=b'', size=0, count=0, wait=False):
    """A framed sluice.hostile.Wish."""
    return message(bytes_field(1, payload) + varint_field(2, size) + varint_field(3, count) + varint_field(4, wait))


def call(connection, stream, block_or_path=UNARY, body=None, limit=5):
    """One call, whole: its answer."""
    coded = request_block(block_or_path) if isinstance(block_or_path, str) else block_or_path
    connection.send(headers(stream, coded) + data(stream, wish(b'ok') if body is None else body, end=True))
    connection.until_ended(stream, limit=limit)
    return connection.answer(stream)
