# SPDX-License-Identifier: Apache-2.0
"""The gRPC interop suite's server on Python's grpcio."""
import concurrent.futures
import os
import signal
import threading
import time

import grpc

import messages_pb2 as pb
import empty_pb2
import test_pb2_grpc as rpc
from common import ECHO_INITIAL, ECHO_TRAILING, OPTIONS, flags, read


def echo_metadata(context):
    received = list(context.invocation_metadata())
    initial = [(key, value) for key, value in received if key == ECHO_INITIAL]
    if initial:
        context.send_initial_metadata(initial)
    context.set_trailing_metadata([(key, value) for key, value in received if key == ECHO_TRAILING])


def end_as_asked(request, context):
    asked = request.response_status
    if asked.code:
        code = next(code for code in grpc.StatusCode if code.value[0] == asked.code)
        context.abort(code, asked.message)


def payload(size):
    return pb.Payload(body=bytes(size))


def compress(request, context, field):
    """Compresses the next response, or not, when the request says so."""
    if request.HasField(field) and not getattr(request, field).value:
        context.disable_next_message_compression()


class TestService(rpc.TestServiceServicer):
    def EmptyCall(self, request, context):
        echo_metadata(context)
        return empty_pb2.Empty()

    def UnaryCall(self, request, context):
        if request.response_compressed.value:
            context.set_compression(grpc.Compression.Gzip)
        echo_metadata(context)
        end_as_asked(request, context)
        compress(request, context, 'response_compressed')
        response = pb.SimpleResponse(payload=payload(request.response_size))
        if request.fill_server_id:
            response.server_id = f'python-{os.getpid()}'
        return response

    def StreamingOutputCall(self, request, context):
        if any(each.compressed.value for each in request.response_parameters):
            context.set_compression(grpc.Compression.Gzip)
        echo_metadata(context)
        end_as_asked(request, context)
        yield from self.responses(request, context)

    def StreamingInputCall(self, requests, context):
        echo_metadata(context)
        total = sum(len(request.payload.body) for request in requests)
        return pb.StreamingInputCallResponse(aggregated_payload_size=total)

    def FullDuplexCall(self, requests, context):
        echo_metadata(context)
        for request in requests:
            end_as_asked(request, context)
            yield from self.responses(request, context)

    def HalfDuplexCall(self, requests, context):
        echo_metadata(context)
        for request in list(requests):
            yield from self.responses(request, context)

    @staticmethod
    def responses(request, context):
        for each in request.response_parameters:
            time.sleep(each.interval_us / 1e6)
            compress(each, context, 'compressed')
            yield pb.StreamingOutputCallResponse(payload=payload(each.size))


class Methods(grpc.GenericRpcHandler):
    """The service's methods without UnimplementedCall, which the generated code would register."""

    def __init__(self, service):
        added = []
        rpc.add_TestServiceServicer_to_server(service, type('Catcher', (), {
            'add_generic_rpc_handlers': lambda _, handlers: added.extend(handlers),
            'add_registered_method_handlers': lambda *_: None})())
        self.handlers = added

    def service(self, details):
        if details.method.endswith('/UnimplementedCall'):
            return None
        return next(filter(None, (handler.service(details) for handler in self.handlers)), None)


def serve(options):
    pool = concurrent.futures.ThreadPoolExecutor(max_workers=128)
    server = grpc.server(pool, handlers=[Methods(TestService())], options=OPTIONS)
    if options.use_tls:
        credentials = grpc.ssl_server_credentials([(read(options.tls_key_file), read(options.tls_cert_file))])
        server.add_secure_port(f'127.0.0.1:{options.port}', credentials)
    else:
        server.add_insecure_port(f'127.0.0.1:{options.port}')
    server.start()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    server.stop(0.5).wait()


if __name__ == '__main__':
    parser = flags(__doc__)
    parser.add_argument('--port', type=int, default=10000)
    parser.add_argument('--tls_cert_file')
    parser.add_argument('--tls_key_file')
    serve(parser.parse_args())
