# SPDX-License-Identifier: Apache-2.0
"""gRPC's messages by hand: the five bytes before each, and what of protobuf the tests' messages need."""
import struct


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def bytes_field(number, value):
    """A field of type bytes; nothing when it is empty, as protobuf has it."""
    return bytes([number << 3 | 2]) + varint(len(value)) + value if value else b''


def varint_field(number, value):
    return bytes([number << 3]) + varint(value) if value else b''


def varints(body):
    """{field number: value} of a protobuf message of varints."""
    found, at = {}, 0
    while at < len(body):
        tag, at = body[at], at + 1
        value, shift = 0, 0
        while True:
            byte, at = body[at], at + 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        found[tag >> 3] = value
    return found


def message(body=b'', flag=0, length=None):
    return struct.pack('>BI', flag, len(body) if length is None else length) + body


def messages(body):
    """The messages of a body, each of which must be whole and not compressed."""
    found = []
    while body:
        if len(body) < 5:
            raise ValueError(f'{len(body)} bytes after the last message')
        flag, length = struct.unpack('>BI', body[:5])
        if flag != 0 or len(body) < 5 + length:
            raise ValueError(f'flag {flag}, {length} bytes announced, {len(body) - 5} there')
        found.append(body[5:5 + length])
        body = body[5 + length:]
    return found
