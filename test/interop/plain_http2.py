# SPDX-License-Identifier: Apache-2.0
"""nghttp and h2load as clients: HTTP/2 programs that know no gRPC."""
import re
import shutil
import signal
import subprocess

from support.grpc_body import bytes_field, message, messages, varint_field

LIMIT = 60
PROGRAMS = ('nghttp', 'h2load')
HEADERS = ('-H', 'content-type: application/grpc', '-H', 'te: trailers')


def missing():
    """Why these clients cannot run; None when they can."""
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    return f'{", ".join(absent)} not found (install nghttp2-client)' if absent else None


def pattern(size):
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def framed_request(payload=0, size=0, count=0):
    """A framed sluice.interop.Request; the field numbers are those of interop.proto."""
    return message(bytes_field(1, pattern(payload)) + varint_field(2, size) + varint_field(3, count))


class Failed(Exception):
    """What a case did not see."""


def run(command):
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, start_new_session=True) as process:
        try:
            output, _ = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired as error:
            raise Failed(f'{command[0]}: not over after {LIMIT} s') from error
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
    if process.returncode != 0:
        raise Failed(f'{command[0]}: exit code {process.returncode}')
    return output


def nghttp(url, body_file, grpc_status):
    """The response's messages, after its headers and trailers have been checked."""
    command = ['nghttp', '--no-dep', *HEADERS, '-d', str(body_file), url]
    log = re.sub(r'\x1b\[[0-9;]*m', '', run([*command[:1], '-nv', *command[1:]]).decode(errors='replace'))
    got = dict(re.findall(r'recv \(stream_id=\d+\) (:?[\w-]+): (.*)', log))
    wanted = {':status': '200', 'grpc-status': str(grpc_status)}
    for name, value in wanted.items():
        if got.get(name) != value:
            raise Failed(f'{name} is {got.get(name)}, not {value}')
    if not got.get('content-type', '').startswith('application/grpc'):
        raise Failed(f'content-type is {got.get("content-type")}')
    return messages(run(command))


def expect_messages(found, count, size):
    """Each answer must hold the pattern of this size; its other fields are a few bytes."""
    if len(found) != count:
        raise Failed(f'{len(found)} messages, not {count}')
    field = bytes_field(1, pattern(size))
    for answer in found:
        if not answer.startswith(field) or len(answer) > len(field) + 12:
            raise Failed(f'a message of {len(answer)} bytes is not the answer of {size} bytes')


def h2load(url, body_file, requests):
    output = run(['h2load', '-n', str(requests), '-c', '4', '-m', '10', *HEADERS, '-d', str(body_file), url])
    text = output.decode(errors='replace')
    fields = dict((name, int(number)) for number, name in re.findall(
        r'(\d+) (succeeded|failed|errored|timeout|2xx)', text))
    if fields != {'succeeded': requests, 'failed': 0, 'errored': 0, 'timeout': 0, '2xx': requests}:
        raise Failed(f'of {requests}: {fields}')


def run_cases(port, names, work):
    """{name: why not, or None} for each of the names."""
    base = f'http://127.0.0.1:{port}/sluice.interop.Peer'
    body = work / 'body'

    def prepared(**request):
        body.write_bytes(framed_request(**request))
        return body

    cases = {
        'nghttp_unary': lambda: expect_messages(
            nghttp(f'{base}/Unary', prepared(payload=65536, size=65536), 0), 1, 65536),
        'nghttp_download': lambda: expect_messages(
            nghttp(f'{base}/Download', prepared(size=1000, count=100), 0), 100, 1000),
        'nghttp_unimplemented': lambda: expect_messages(nghttp(f'{base}/Missing', prepared(), 12), 0, 0),
        'h2load_unary': lambda: h2load(f'{base}/Unary', prepared(payload=10, size=10), 2000),
        'h2load_download': lambda: h2load(f'{base}/Download', prepared(size=100, count=20), 400),
    }
    results = {}
    for name in names:
        try:
            cases[name]()
            results[name] = None
        except (Failed, ValueError) as error:
            results[name] = str(error)
        except KeyError:
            results[name] = 'plain_http2.py has no such case'
    return results
