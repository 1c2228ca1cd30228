# SPDX-License-Identifier: Apache-2.0
"""The gRPC interop suite's client on Python's grpcio. Exit code 0: the case passed."""
import concurrent.futures
import sys
import threading
import time

import grpc

import messages_pb2 as pb
import empty_pb2
import test_pb2_grpc as rpc
from common import ECHO_INITIAL, ECHO_TRAILING, OPTIONS, flags, read

LARGE_REQUEST, LARGE_RESPONSE = 271828, 314159
REQUEST_SIZES, RESPONSE_SIZES = (27182, 8, 1828, 45904), (31415, 9, 2653, 58979)
SPECIAL = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n'
DEADLINE = 20
CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def expect(fact, why):
    if not fact:
        raise AssertionError(why)


def expect_equal(got, wanted):
    expect(got == wanted, f'{got!r}, not {wanted!r}')


def expect_status(call, code, message=None):
    try:
        call()
    except grpc.RpcError as error:
        expect(error.code() == code, f'{error.code()} ({error.details()}), not {code}')
        expect(message in (None, error.details()), f'message {error.details()!r}')
    else:
        expect(False, f'OK, not {code}')


def simple(request=LARGE_REQUEST, response=LARGE_RESPONSE, **fields):
    return pb.SimpleRequest(response_size=response, payload=pb.Payload(body=bytes(request)), **fields)


def output(*sizes, request=0, **fields):
    return pb.StreamingOutputCallRequest(
        response_parameters=[pb.ResponseParameters(size=size) for size in sizes],
        payload=pb.Payload(body=bytes(request)), **fields)


def size_of(response):
    return len(response.payload.body)


class Chat:
    """A FullDuplexCall, written and read in turns."""

    def __init__(self, stub, **options):
        self.requests = []
        self.changed = threading.Condition()
        self.call = stub.FullDuplexCall(self.outgoing(), **{'timeout': DEADLINE, **options})

    def outgoing(self):
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.requests)
                request = self.requests.pop(0)
            if request is None:
                return
            yield request

    def write(self, request):
        with self.changed:
            self.requests.append(request)
            self.changed.notify_all()

    def done(self):
        self.write(None)

    def expect_end(self):
        expect(next(self.call, None) is None, 'a response too many')


@case
def empty_unary(stub):
    expect_equal(stub.EmptyCall(empty_pb2.Empty(), timeout=DEADLINE), empty_pb2.Empty())


@case
def large_unary(stub):
    expect_equal(size_of(stub.UnaryCall(simple(), timeout=DEADLINE)), LARGE_RESPONSE)


@case
def client_compressed_unary(stub):
    probe = simple(expect_compressed=pb.BoolValue(value=True))
    expect_status(lambda: stub.UnaryCall(probe, timeout=DEADLINE), grpc.StatusCode.INVALID_ARGUMENT)
    for value, compression in ((True, grpc.Compression.Gzip), (False, grpc.Compression.NoCompression)):
        request = simple(expect_compressed=pb.BoolValue(value=value))
        response = stub.UnaryCall(request, timeout=DEADLINE, compression=compression)
        expect_equal(size_of(response), LARGE_RESPONSE)


@case
def client_streaming(stub):
    requests = (pb.StreamingInputCallRequest(payload=pb.Payload(body=bytes(size))) for size in REQUEST_SIZES)
    expect_equal(stub.StreamingInputCall(requests, timeout=DEADLINE).aggregated_payload_size, sum(REQUEST_SIZES))


@case
def server_streaming(stub):
    responses = stub.StreamingOutputCall(output(*RESPONSE_SIZES), timeout=DEADLINE)
    expect_equal(tuple(map(size_of, responses)), RESPONSE_SIZES)


@case
def ping_pong(stub):
    chat = Chat(stub)
    for request, response in zip(REQUEST_SIZES, RESPONSE_SIZES):
        chat.write(output(response, request=request))
        expect_equal(size_of(next(chat.call)), response)
    chat.done()
    chat.expect_end()


@case
def empty_stream(stub):
    chat = Chat(stub)
    chat.done()
    chat.expect_end()


def expect_echo(metadata, key, value):
    expect_equal([entry.value for entry in metadata if entry.key == key], [value])


@case
def custom_metadata(stub):
    initial, trailing = (ECHO_INITIAL, 'test_initial_metadata_value'), (ECHO_TRAILING, b'\xab\xab\xab')
    metadata = (initial, trailing)
    response, call = stub.UnaryCall.with_call(simple(), timeout=DEADLINE, metadata=metadata)
    expect_equal(size_of(response), LARGE_RESPONSE)
    expect_echo(call.initial_metadata(), *initial)
    expect_echo(call.trailing_metadata(), *trailing)
    chat = Chat(stub, metadata=metadata)
    chat.write(output(LARGE_RESPONSE, request=LARGE_REQUEST))
    expect_equal(size_of(next(chat.call)), LARGE_RESPONSE)
    chat.done()
    chat.expect_end()
    expect_echo(chat.call.initial_metadata(), *initial)
    expect_echo(chat.call.trailing_metadata(), *trailing)


def fails_unary(stub, message):
    request = pb.SimpleRequest(response_status=pb.EchoStatus(code=2, message=message))
    expect_status(lambda: stub.UnaryCall(request, timeout=DEADLINE), grpc.StatusCode.UNKNOWN, message)


@case
def status_code_and_message(stub):
    message = 'test status message'
    fails_unary(stub, message)
    chat = Chat(stub)
    chat.write(output(response_status=pb.EchoStatus(code=2, message=message)))
    chat.done()
    expect_status(lambda: next(chat.call), grpc.StatusCode.UNKNOWN, message)


@case
def special_status_message(stub):
    fails_unary(stub, SPECIAL)


@case
def unimplemented_method(stub):
    expect_status(lambda: stub.UnimplementedCall(empty_pb2.Empty(), timeout=DEADLINE),
                  grpc.StatusCode.UNIMPLEMENTED)


@case
def unimplemented_service(stub):
    expect_status(lambda: stub.missing.UnimplementedCall(empty_pb2.Empty(), timeout=DEADLINE),
                  grpc.StatusCode.UNIMPLEMENTED)


@case
def cancel_after_begin(stub):
    never = threading.Event()

    def silence():
        never.wait(DEADLINE)
        yield from ()

    call = stub.StreamingInputCall.future(silence(), timeout=DEADLINE)
    call.cancel()
    never.set()
    expect(call.cancelled(), 'the call is not cancelled')
    expect_equal(call.code(), grpc.StatusCode.CANCELLED)


@case
def cancel_after_first_response(stub):
    chat = Chat(stub)
    chat.write(output(RESPONSE_SIZES[0], request=REQUEST_SIZES[0]))
    expect_equal(size_of(next(chat.call)), RESPONSE_SIZES[0])
    chat.call.cancel()
    chat.done()
    expect_status(lambda: next(chat.call), grpc.StatusCode.CANCELLED)


@case
def timeout_on_sleeping_server(stub):
    chat = Chat(stub, timeout=0.001)
    chat.write(output(request=REQUEST_SIZES[0]))
    expect_status(lambda: next(chat.call), grpc.StatusCode.DEADLINE_EXCEEDED)
    chat.done()


@case
def pick_first_unary(stub):
    request = simple(1, 1, fill_server_id=True)
    servers = {stub.UnaryCall(request, timeout=DEADLINE).server_id for _ in range(100)}
    expect(len(servers) == 1 and '' not in servers, f'servers {servers}')


@case
def concurrent_large_unary(stub):
    calls = [stub.UnaryCall.future(simple(), timeout=DEADLINE) for _ in range(100)]
    expect_equal({size_of(call.result()) for call in calls}, {LARGE_RESPONSE})


@case
def large_header(stub):
    value = 'h' * (63 * 1024 - 512)
    response, call = stub.UnaryCall.with_call(simple(1, 1), timeout=DEADLINE, metadata=((ECHO_INITIAL, value),))
    expect_equal(size_of(response), 1)
    expect_echo(call.initial_metadata(), ECHO_INITIAL, value)


@case
def client_stream_without_requests(stub):
    expect_equal(stub.StreamingInputCall(iter(()), timeout=DEADLINE).aggregated_payload_size, 0)


def soak(options):
    end = time.monotonic() + options.soak_overall_timeout_seconds
    request = simple(options.soak_request_size, options.soak_response_size)

    def one_thread(iterations):
        failures, channel = [], None
        for _ in range(iterations):
            begun = time.monotonic()
            expect(begun < end, 'the overall timeout is over')
            channel = channel or connect(options)
            try:
                response = rpc.TestServiceStub(channel).UnaryCall(request, timeout=DEADLINE)
                expect_equal(size_of(response), options.soak_response_size)
            except grpc.RpcError as error:
                failures.append(f'{error.code()} {error.details()}')
            took = (time.monotonic() - begun) * 1000
            if took > options.soak_per_iteration_max_acceptable_latency_ms:
                failures.append(f'{took:.0f} ms')
            if options.test_case == 'channel_soak':
                channel.close()
                channel = None
        return failures

    threads = options.soak_num_threads
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        shares = [options.soak_iterations // threads + (i < options.soak_iterations % threads) for i in range(threads)]
        failures = [failure for share in pool.map(one_thread, shares) for failure in share]
    expect(len(failures) <= options.soak_max_failures, f'{len(failures)} failed, the first: {failures[:1]}')


def connect(options):
    target = f'{options.server_host}:{options.server_port}'
    channel_options = [*OPTIONS, ('grpc.use_local_subchannel_pool', 1)]
    if not options.use_tls:
        return grpc.insecure_channel(target, channel_options)
    if options.server_host_override:
        channel_options.append(('grpc.ssl_target_name_override', options.server_host_override))
    roots = read(options.ca_file) if options.use_test_ca else None
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(roots), channel_options)


def run(options):
    if options.test_case in ('rpc_soak', 'channel_soak'):
        soak(options)
        return
    expect(options.test_case in CASES, 'Unsupported test case')
    with connect(options) as channel:
        grpc.channel_ready_future(channel).result(DEADLINE)
        stub = rpc.TestServiceStub(channel)
        stub.missing = rpc.UnimplementedServiceStub(channel)
        CASES[options.test_case](stub)


def main():
    parser = flags(__doc__)
    for name in ('server_host', 'server_host_override', 'test_case', 'ca_file'):
        parser.add_argument(f'--{name}')
    parser.add_argument('--server_port', type=int)
    parser.add_argument('--use_test_ca', type=lambda text: text != 'false', default=False, const=True, nargs='?')
    for name, default in (('iterations', 10), ('max_failures', 0), ('per_iteration_max_acceptable_latency_ms', 1000),
                          ('overall_timeout_seconds', 10), ('request_size', LARGE_REQUEST),
                          ('response_size', LARGE_RESPONSE), ('num_threads', 1)):
        parser.add_argument(f'--soak_{name}', type=int, default=default)
    options = parser.parse_args()
    try:
        run(options)
    except (AssertionError, grpc.RpcError) as error:
        print(f'{options.test_case}: {error!r}', file=sys.stderr)
        sys.exit(1)


if __name__ == '__main__':
    main()
