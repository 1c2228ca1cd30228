# SPDX-License-Identifier: Apache-2.0
"""The programs that are attacked: started, measured by /proc, and ended by their process id."""
import json
import os
import resource
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

START_LIMIT = 20
MIB = 1024 * 1024
# A sanitizer's shadow memory and quarantine say nothing about the victim's own: there memory is not measured.
SANITIZERS = {'ASAN_OPTIONS': 'detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1',
              'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1'}


class Failed(Exception):
    """What an attack did not see."""


class Disturbed(Failed):
    """The well-behaved calls were slow. The machine may be at fault, and then is not each time."""


def expect(holds, otherwise):
    if not holds:
        raise Failed(otherwise)


def wait_until(holds, limit=5):
    end = time.monotonic() + limit
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)  # sleep: /proc tells nobody when it changes
    return True


class Process:
    """A program in a process group of its own, its lines of output kept. Leaving the block ends it."""

    def __init__(self, command, descriptors=None):
        self.lines = []
        self.changed = threading.Condition()
        self.errors = tempfile.TemporaryFile('a+b')  # which both write and read: at the end

        def limit():
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        self.process = subprocess.Popen([str(word) for word in command], env={**SANITIZERS, **os.environ},
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True,
                                        errors='replace', start_new_session=True, preexec_fn=limit)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.rstrip('\n'))
                self.changed.notify_all()

    def line(self, fits, limit):
        """The first line of output that fits, which is then used up; None when there is none in time."""
        def find():
            return next((line for line in self.lines if fits(line)), None)
        with self.changed:
            self.changed.wait_for(find, limit)
            found = find()
            if found is not None:
                self.lines.remove(found)
            return found

    def tell(self, command):
        try:
            self.process.stdin.write(command + '\n')
            self.process.stdin.flush()
        except OSError as error:
            raise Failed(f'the victim takes no commands: {self.why_dead()}') from error

    @property
    def alive(self):
        return self.process.poll() is None

    def why_dead(self):
        code = self.process.poll()
        return f'exit code {code}: {self.said()[-2000:]}'

    def said(self):
        """What it wrote to standard error."""
        self.errors.seek(0)
        return self.errors.read().decode(errors='replace')

    def _status(self, field):
        for line in Path(f'/proc/{self.process.pid}/status').read_text().splitlines():
            if line.startswith(field + ':'):
                return int(line.split()[1]) * 1024
        raise Failed(f'the process has ended: {self.why_dead()}')

    def memory(self):
        return self._status('VmRSS')

    def peak(self):
        return self._status('VmHWM')

    def forget_peak(self):
        Path(f'/proc/{self.process.pid}/clear_refs').write_text('5')

    def descriptors(self):
        return len(os.listdir(f'/proc/{self.process.pid}/fd'))

    def cpu(self):
        """Seconds of processor time so far."""
        fields = Path(f'/proc/{self.process.pid}/stat').read_text().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def end(self, limit):
        """Asks it to end; why its end is wrong, or None. A sanitizer's last word comes as an exit code."""
        if not self.alive:
            return f'had ended with {self.why_dead()}'
        self.ask_to_end()
        try:
            code = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            return f'did not end within {limit} s'
        return None if code == 0 else f'ended with {self.why_dead()}'

    def ask_to_end(self):
        self.process.send_signal(signal.SIGTERM)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.alive:
            self.process.kill()
        self.process.wait()
        self.reader.join(5)
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            try:
                stream.close()
            except OSError:
                pass  # what was still to be written to a program that has ended


class Server(Process):
    """victim_server."""

    def __init__(self, build, options=(), descriptors=None):
        super().__init__([build / 'test/hostile/victim_server', *options], descriptors)
        line = self.line(lambda text: text.startswith('listening on '), START_LIMIT)
        if line is None:
            why = self.why_dead()
            self.__exit__()
            raise Failed(f'the server did not start: {why}')
        self.port = int(line.split()[-1])


class Client(Process):
    """victim_client: its calls to the good server are timed all along."""

    def __init__(self, build, good=None, evil=None, options=()):
        targets = []
        if good:
            targets += ['--good', f'127.0.0.1:{good}']
        if evil:
            targets += ['--evil', f'127.0.0.1:{evil}']
        super().__init__([build / 'test/hostile/victim_client', *targets, *options])
        self.calls = 0

    def mark(self, limit=15):
        """The well-behaved calls' figures since the last mark."""
        self.tell('mark')
        line = self.line(lambda text: text.startswith('{"mark"'), limit)
        expect(line is not None, f'the client says nothing: {self.why_dead()}')
        return json.loads(line)

    def start_call(self, kind, times=1, timeout=3000, size=10):
        self.calls += 1
        self.tell(f'call {self.calls} {kind} {times} {timeout} {size}')
        return self.calls

    def outcome(self, number, limit=20):
        """{'codes': {code: times}, 'messages': n, 'text': last message} of calls that were started."""
        line = self.line(lambda text: text.startswith(f'{{"call": "{number}"'), limit)
        expect(line is not None, 'a call does not end' if self.alive else f'the client has {self.why_dead()}')
        found = json.loads(line)
        found['codes'] = {int(code): times for code, times in found['codes'].items()}
        return found

    def call(self, kind='unary', times=1, timeout=3000, size=10, limit=20):
        return self.outcome(self.start_call(kind, times, timeout, size), limit)

    def ask_to_end(self):
        self.process.stdin.close()
