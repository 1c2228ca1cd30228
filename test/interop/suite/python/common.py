# SPDX-License-Identifier: Apache-2.0
"""What the suite's client and server on grpcio share."""
import argparse

ECHO_INITIAL = 'x-grpc-test-echo-initial'
ECHO_TRAILING = 'x-grpc-test-echo-trailing-bin'
# 63 KB of headers are more than gRPC core takes by default.
OPTIONS = [('grpc.max_metadata_size', 128 * 1024), ('grpc.absolute_max_metadata_size', 128 * 1024)]


def truth(text):
    return {'true': True, 'false': False}[text.lower()]


def flags(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('--use_tls', type=truth, default=False, const=True, nargs='?')
    return parser


def read(path):
    with open(path, 'rb') as file:
        return file.read()
