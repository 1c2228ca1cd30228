# SPDX-License-Identifier: Apache-2.0
"""The interop client on Python's grpcio (asyncio); ../cases.md is its contract."""
import argparse
import asyncio
import sys
import time

import grpc

import interop_pb2 as pb
import interop_pb2_grpc as rpc
from pattern import CHANNEL_LIMITS, pattern

CASE_LIMIT = 20.0
DEADLINE = 15.0
MIB = 1024 * 1024
MESSAGE = 'naïve ☃ 100% "数据" 🦀\nend'
KINDS = ('Unary', 'Download', 'Upload', 'Chat')
CODES = {code.value[0]: code for code in grpc.StatusCode}
CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def expect(fact, why):
    if not fact:
        raise AssertionError(why)


def check(answer, size, received, index=0):
    got = len(answer.payload)
    expect(answer.payload == pattern(size), f'answer {index}: {got} bytes, not {size} of the pattern')
    expect(answer.received_bytes == received, f'the server got {answer.received_bytes} bytes, not {received}')
    expect(answer.index == index, f'answer {answer.index} where {index} was due')
    expect(not answer.corrupt, 'the request came to the server corrupt')


async def in_order(call, count, size, received=0):
    index = 0
    async for answer in call:
        check(answer, size, received, index)
        index += 1
    expect(index == count, f'{index} answers, not {count}')


async def expect_status(awaitable, code, message=None):
    try:
        await awaitable
    except grpc.aio.AioRpcError as error:
        expect(error.code() == code, f'{error.code().name} ({error.details()}), not {code.name}')
        expect(message in (None, error.details()), f'message {error.details()!r}')
    else:
        expect(False, f'OK, not {code.name}')


async def stream(*requests):
    for request in requests:
        yield request


async def read_all(call, answers=None):
    while (answer := await call.read()) is not grpc.aio.EOF:
        if answers is not None:
            answers.append(answer)
    if (code := await call.code()) != grpc.StatusCode.OK:
        raise grpc.aio.AioRpcError(code, None, None, details=await call.details())


async def start(peer, kind, request, timeout=DEADLINE, metadata=None, keep_open=False):
    """A call of this kind that sends one request."""
    method = getattr(peer, kind)
    if kind in ('Unary', 'Download'):
        return method(request, timeout=timeout, metadata=metadata)
    call = method(timeout=timeout, metadata=metadata)
    await call.write(request)
    if not keep_open:
        await call.done_writing()
    return call


async def each(kind, awaitable):
    """A failure names the kind of call."""
    try:
        return await awaitable
    except AssertionError as error:
        raise AssertionError(f'{kind}: {error}') from error


def ended(kind, call, answers=None):
    """The awaitable of the call's end; a stream's answers before it go to `answers`."""
    return read_all(call, answers) if kind in ('Download', 'Chat') else call


async def counts(peer):
    return await peer.Counts(pb.CountsRequest(), timeout=DEADLINE)


async def until(peer, fact, why):
    """Asks the server until the fact holds, for 5 s at most."""
    end = time.monotonic() + 5
    while not fact(seen := await counts(peer)):
        expect(time.monotonic() < end, f'{why}: {seen.cancelled} cancelled, {seen.sleeping} sleeping')
        await asyncio.sleep(0.01)


async def unary(peer, size):
    request = pb.Request(payload=pattern(size), response_size=size)
    check(await peer.Unary(request, timeout=DEADLINE), size, size)


@case
async def unary_empty(peer):
    answer = await peer.Unary(pb.Request(), timeout=DEADLINE)
    expect(answer.ByteSize() == 0, f'an answer of {answer.ByteSize()} bytes')


@case
async def unary_1(peer):
    await unary(peer, 1)


@case
async def unary_64k(peer):
    await unary(peer, 65536)


@case
async def unary_3m(peer):
    await unary(peer, 3 * MIB)


@case
async def download(peer):
    for count in (100, 0):
        request = pb.Request(response_count=count, response_size=1000)
        await in_order(peer.Download(request, timeout=DEADLINE), count, 1000)


@case
async def download_3m(peer):
    request = pb.Request(response_count=4, response_size=3 * MIB)
    await in_order(peer.Download(request, timeout=DEADLINE), 4, 3 * MIB)


@case
async def upload(peer):
    requests = [pb.Request(payload=pattern(1000))] * 100 + [pb.Request(payload=pattern(3 * MIB))]
    answer = await peer.Upload(stream(*requests), timeout=DEADLINE)
    check(answer, 0, 100 * 1000 + 3 * MIB)
    expect(answer.received_count == 101, f'the server got {answer.received_count} requests')
    answer = await peer.Upload(stream(), timeout=DEADLINE)
    check(answer, 0, 0)
    expect(answer.received_count == 0, f'the server got {answer.received_count} requests of none')


@case
async def chat_ping_pong(peer):
    call = peer.Chat(timeout=DEADLINE)
    for i in range(20):
        await call.write(pb.Request(payload=pattern(i), response_size=100 * i, response_count=1))
        answer = await call.read()
        expect(answer is not grpc.aio.EOF, f'the stream ended before answer {i}')
        check(answer, 100 * i, i, i)
    await call.done_writing()
    expect(await call.read() is grpc.aio.EOF, 'an answer after the last')
    expect(await call.code() == grpc.StatusCode.OK, 'not OK')


@case
async def chat_half_close_at_once(peer):
    await in_order(peer.Chat(stream(), timeout=DEADLINE), 0, 0)
    call = peer.Chat(timeout=DEADLINE)
    for _ in range(5):
        await call.write(pb.Request(payload=pattern(10), response_size=20, response_count=2))
    await call.done_writing()
    for i in range(10):
        answer = await call.read()
        expect(answer is not grpc.aio.EOF, f'the stream ended before answer {i}')
        check(answer, 20, 10, i)
    expect(await call.read() is grpc.aio.EOF, 'an answer after the last')


@case
async def metadata(peer):
    initial = ['first', 'second']
    trailing = [bytes(range(256)), b'\xff', b'\x80\xfe', b'\x00\x01\x02']
    sent = [('x-echo-initial', value) for value in initial]
    sent += [('x-echo-trailing-bin', value) for value in trailing]
    for kind in KINDS:
        call = await start(peer, kind, pb.Request(response_count=1), metadata=sent)
        await ended(kind, call)
        lists = [value for key, value in await call.initial_metadata() if key == 'x-echo-initial']
        got = [value.strip() for one in lists for value in one.split(',')]
        expect(got == initial, f'{kind}: initial metadata {got}')
        got = [value for key, value in await call.trailing_metadata() if key == 'x-echo-trailing-bin']
        expect(got == trailing, f'{kind}: trailing metadata {got}')


@case
async def status(peer):
    for code in range(1, 17):
        request = pb.Request(status=pb.EchoStatus(code=code, message=MESSAGE))
        await expect_status(peer.Unary(request, timeout=DEADLINE), CODES[code], MESSAGE)
    for kind, count in zip(KINDS, (0, 2, 0, 1)):
        request = pb.Request(response_count=count, status=pb.EchoStatus(code=9, message=MESSAGE))
        call = await start(peer, kind, request)
        answers = []
        end = ended(kind, call, answers)
        await each(kind, expect_status(end, grpc.StatusCode.FAILED_PRECONDITION, MESSAGE))
        expect(len(answers) == count, f'{kind}: {len(answers)} answers before the status, not {count}')
        for i, answer in enumerate(answers):
            check(answer, 0, 0, i)


@case
async def unimplemented(peer, absent):
    for method in (peer.Missing, absent.Nothing):
        await expect_status(method(pb.Request(), timeout=DEADLINE), grpc.StatusCode.UNIMPLEMENTED)
    await unary(peer, 1)


@case
async def deadline(peer):
    before = await counts(peer)
    for kind in KINDS:
        begun = time.monotonic()
        call = await start(peer, kind, pb.Request(sleep_until_cancelled=True), timeout=0.3, keep_open=True)
        await each(kind, expect_status(ended(kind, call), grpc.StatusCode.DEADLINE_EXCEEDED))
        took = time.monotonic() - begun
        expect(0.25 <= took <= 2, f'{kind}: over after {took:.3f} s')
    await until(peer, lambda seen: seen.cancelled == before.cancelled + 4, 'the server did not see all 4 end')


@case
async def cancel(peer):
    for kind in KINDS:
        before = await counts(peer)
        request = pb.Request(response_count=1, sleep_until_cancelled=True)
        call = await start(peer, kind, request, keep_open=True)
        if kind in ('Download', 'Chat'):
            check(await call.read(), 0, 0)
        await until(peer, lambda seen: seen.sleeping == before.sleeping + 1,
                    f'{kind}: the server did not sleep')
        begun = time.monotonic()
        call.cancel()
        code = await call.code()
        expect(code == grpc.StatusCode.CANCELLED, f'{kind}: {code.name}')
        expect(time.monotonic() - begun < 2, f'{kind}: over only after 2 s')
        await until(peer, lambda seen: seen.cancelled == before.cancelled + 1,
                    f'{kind}: the server saw no cancel')


@case
async def hundred_at_once(peer):
    async def one_unary(i):
        request = pb.Request(payload=pattern(i), response_size=i, delay_ms=100)
        check(await peer.Unary(request, timeout=DEADLINE), i, i)

    first_read = [asyncio.Event() for _ in range(100)]

    async def one_chat(i):
        call = peer.Chat(timeout=DEADLINE)
        await call.write(pb.Request(payload=pattern(i), response_size=i, response_count=1))
        answer = await call.read()
        expect(answer is not grpc.aio.EOF, f'chat {i} ended early')
        check(answer, i, i)
        first_read[i].set()
        for event in first_read:
            await event.wait()
        await call.done_writing()
        expect(await call.read() is grpc.aio.EOF, 'an answer after the last')
        expect(await call.code() == grpc.StatusCode.OK, f'chat {i} is not OK')

    await asyncio.gather(*(one_unary(i) for i in range(100)))
    await asyncio.gather(*(one_chat(i) for i in range(100)))


@case
async def over_limit(peer):
    for request in (pb.Request(payload=pattern(5 * MIB)), pb.Request(response_size=5 * MIB)):
        await expect_status(peer.Unary(request, timeout=DEADLINE), grpc.StatusCode.RESOURCE_EXHAUSTED)
    await unary(peer, 1)


async def run(target, names):
    failed = False
    async with grpc.aio.insecure_channel(target, options=CHANNEL_LIMITS) as channel:
        peer, absent = rpc.PeerStub(channel), rpc.AbsentStub(channel)
        for name in names:
            arguments = (peer, absent) if name == 'unimplemented' else (peer,)
            try:
                await asyncio.wait_for(CASES[name](*arguments), CASE_LIMIT)
                print(f'PASS {name}', flush=True)
            except BaseException as error:
                if isinstance(error, (KeyboardInterrupt, SystemExit)):
                    raise
                why = f'{type(error).__name__}: {error}'
                if isinstance(error, AssertionError):
                    why = str(error)
                elif isinstance(error, asyncio.TimeoutError):
                    why = f'not over after {CASE_LIMIT:.0f} s'
                elif isinstance(error, grpc.aio.AioRpcError):
                    why = f'{error.code().name}: {error.details()}'
                print(f'FAIL {name}: ' + why.replace('\n', ' '), flush=True)
                failed = True
    return 1 if failed else 0


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument('--target', required=True)
    arguments.add_argument('--case', default='all', choices=['all', *CASES])
    options = arguments.parse_args()
    return asyncio.run(run(options.target, list(CASES) if options.case == 'all' else [options.case]))


if __name__ == '__main__':
    sys.exit(main())
