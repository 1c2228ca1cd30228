# SPDX-License-Identifier: Apache-2.0
"""The payload that every peer sends and checks, and the limits of both ends."""
CHANNEL_LIMITS = [('grpc.max_receive_message_length', 4 * 1024 * 1024), ('grpc.max_send_message_length', -1)]

PERIOD = bytes(range(251))


def pattern(size):
    return (PERIOD * (size // 251 + 1))[:size]


def intact(payload):
    return payload == pattern(len(payload))
