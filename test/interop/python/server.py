# SPDX-License-Identifier: Apache-2.0
"""The interop server on Python's grpcio (asyncio); ../cases.md is its contract."""
import argparse
import asyncio
import signal

import grpc

import interop_pb2 as pb
import interop_pb2_grpc as rpc
from pattern import CHANNEL_LIMITS, intact, pattern

CODES = {code.value[0]: code for code in grpc.StatusCode}


class Peer(rpc.PeerServicer):
    def __init__(self):
        self.cancelled = 0
        self.sleeping = 0

    async def sleep(self):
        self.sleeping += 1
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.sleeping -= 1

    async def echo_metadata(self, context):
        sent = context.invocation_metadata() or ()
        initial = [pair for pair in sent if pair[0] == 'x-echo-initial']
        trailing = [pair for pair in sent if pair[0] == 'x-echo-trailing-bin']
        if initial:
            await context.send_initial_metadata(initial)
        if trailing:
            context.set_trailing_metadata(trailing)

    def finish(self, request, context):
        """True when the request has ended the call with a status of its own."""
        if not request.HasField('status') or request.status.code == 0:
            return False
        context.set_code(CODES[request.status.code])
        context.set_details(request.status.message)
        return True

    async def Unary(self, request, context):
        await self.echo_metadata(context)
        await asyncio.sleep(request.delay_ms / 1000)
        if request.sleep_until_cancelled:
            await self.sleep()
        self.finish(request, context)
        return pb.Response(payload=pattern(request.response_size), received_bytes=len(request.payload),
                           corrupt=not intact(request.payload))

    async def Download(self, request, context):
        await self.echo_metadata(context)
        async for answer in self.answers(request, 0):
            yield answer
        self.finish(request, context)

    async def answers(self, request, index):
        await asyncio.sleep(request.delay_ms / 1000)
        payload = pattern(request.response_size)
        for i in range(request.response_count):
            yield pb.Response(payload=payload, received_bytes=len(request.payload),
                              corrupt=not intact(request.payload), index=index + i)
        if request.sleep_until_cancelled:
            await self.sleep()

    async def Upload(self, requests, context):
        await self.echo_metadata(context)
        answer = pb.Response()
        last = pb.Request()
        async for last in requests:
            answer.received_bytes += len(last.payload)
            answer.received_count += 1
            answer.corrupt |= not intact(last.payload)
            await asyncio.sleep(last.delay_ms / 1000)
            if last.sleep_until_cancelled:
                await self.sleep()
        answer.payload = pattern(last.response_size)
        self.finish(last, context)
        return answer

    async def Chat(self, requests, context):
        await self.echo_metadata(context)
        index = 0
        async for request in requests:
            async for answer in self.answers(request, index):
                yield answer
            index += request.response_count
            if self.finish(request, context):
                return

    async def Counts(self, request, context):
        return pb.CountsResponse(cancelled=self.cancelled, sleeping=self.sleeping)


async def serve(port):
    server = grpc.aio.server(options=CHANNEL_LIMITS)
    rpc.add_PeerServicer_to_server(Peer(), server)
    bound = server.add_insecure_port(f'127.0.0.1:{port}')
    await server.start()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(f'listening on {bound}', flush=True)
    await stop.wait()
    await server.stop(0.5)


if __name__ == '__main__':
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument('--port', type=int, default=0)
    asyncio.run(serve(arguments.parse_args().port))
