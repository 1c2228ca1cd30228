#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks our server and our client, each line of the catalogue on raw sockets, and asserts round each attack:
the victim lives, its memory stays within the bound, the calls of a second connection stay as quick as they were (p99
under twice the baseline, and what a busy machine adds), its descriptors return, and it ends without a complaint.

  --build DIR       the victims' build directory
  --sanitized       they are built with sanitizers: memory and times are not asserted then

docs/security.md has the table of what is promised, and by which of these it is tested.
"""
import argparse
import importlib
import inspect
import json
import os
import re
import resource
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]  # its own modules, and test/support

from attack import Attack, ClientAttack, Place  # noqa: E402
from victims import Disturbed, Failed, MIB  # noqa: E402

MODULES = ('floods', 'resets', 'header_blocks', 'request_tables', 'memory', 'slow', 'bombs', 'servers', 'tls')
ATTEMPTS = 3  # at the well-behaved calls' times; two at all else, one if the victim died. All are shown
AT_ONCE = 8  # of those that mostly wait


def all_attacks():
    """The classes that are attacks, in the order of their modules and lines."""
    found = []
    for name in MODULES:
        module = importlib.import_module(name)
        for _, each in inspect.getmembers(module, inspect.isclass):
            if issubclass(each, Attack) and each.__module__ == name and each.__doc__ and not abstract(each):
                found.append(each)
    return sorted(found, key=lambda each: (MODULES.index(each.__module__), inspect.getsourcelines(each)[1]))


def abstract(each):
    """A base says in its comment what its heirs do: it sends nothing itself."""
    return 'abstract' in each.__dict__


def name_of(attack):
    return re.sub(r'(?<!^)(?=[A-Z])', '_', attack.__name__).lower()


class Result:
    def __init__(self, attack, state, why='', measured=None):
        self.attack, self.state, self.why, self.measured = attack, state, why, measured or {}

    def row(self):
        took = self.measured
        figures = ''
        if took:
            figures = (f'{took["seconds"]:5.1f} s  cpu {took["cpu"]:5.2f} s  {took["memory"] / MIB:+6.1f} MiB  '
                       f'p99 {took["p99_before"] / 1000:6.1f} -> {took["p99"] / 1000:6.1f} ms')
        return f'{self.state:<4}  {name_of(self.attack):<32} {figures}  {self.why}'.rstrip()

    def as_json(self):
        return {'name': name_of(self.attack), 'what': inspect.getdoc(self.attack).splitlines()[0],
                'state': self.state, 'why': self.why, **self.measured}


def unnamed():
    """The attacks that docs/security.md does not name: a promise without a test is none, nor a test without a promise."""
    page = (HERE.parent.parent / 'docs/security.md').read_text(encoding='utf-8')
    named = set(re.findall(r'`([a-z0-9_]+)`', page))
    # The variants of an attack stand under the first one's name.
    return [name for name in map(name_of, all_attacks())
            if name not in named and not name.startswith('made_you_reset')]


def run_one(attack, build, sanitized):
    if sanitized and attack.descriptors:
        # UBSan looks at an object's memory through a pipe of its own, and without one takes it for broken.
        return Result(attack, 'skip', 'the sanitizers need descriptors')
    first = ''
    for attempt in range(1, ATTEMPTS + 1):
        try:
            made = attack()
            place = made.place(build, sanitized) if isinstance(made, ClientAttack) else Place(made, build, sanitized)
            measured = place.measure()
            if attempt > 1:
                place.note('attempts', f'{attempt} ({first})')
            return Result(attack, 'ok', ', '.join(f'{what} {value}' for what, value in place.notes.items()), measured)
        except Exception as error:  # the runner's own faults are failures too, and are shown whole
            why = str(error) if isinstance(error, Failed) else traceback.format_exc()
            last = Result(attack, 'FAIL', f'{why} (attempt {attempt}; the first: {first or "this"})')
            first = first or why
            died = 'exit code' in why
            if died or (attempt > 1 and not isinstance(error, Disturbed)):
                break
    return last


def run_all(attacks, build, sanitized, show):
    """Those that wait run beside each other, then each of the busy ones by itself."""
    lock = threading.Lock()
    results = {}

    def run(attack):
        result = run_one(attack, build, sanitized)
        with lock:
            results[attack] = result
            show(result)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(run, [attack for attack in attacks if not attack.busy]))
    at_once = max(1, (os.cpu_count() or 2) // 2) if sanitized else 1
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(run, [attack for attack in attacks if attack.busy]))
    return [results[attack] for attack in attacks]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', type=Path, default=HERE.parent.parent / 'build')
    parser.add_argument('--sanitized', action='store_true')
    parser.add_argument('--only', metavar='NAME', nargs='+', help='these attacks, or those whose name begins so')
    parser.add_argument('--list', action='store_true', help='says what there is')
    parser.add_argument('--json', metavar='FILE', type=Path, help='writes what was measured')
    options = parser.parse_args()
    attacks = all_attacks()
    if options.only:
        unknown = [name for name in options.only if not any(name_of(each).startswith(name) for each in attacks)]
        if unknown:
            parser.error(f'there is no attack {unknown[0]} (--list names them)')
        attacks = [each for each in attacks if any(name_of(each).startswith(name) for name in options.only)]
    if options.list:
        for attack in attacks:
            print(f'{name_of(attack):<32} {inspect.getdoc(attack).splitlines()[0]}')
        return 0
    # A thousand sockets of an attack, beside those of the others.
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    began = time.monotonic()
    results = run_all(attacks, options.build, options.sanitized, lambda result: print(result.row(), flush=True))
    if options.json:
        options.json.write_text(json.dumps([each.as_json() for each in results], indent=2) + '\n')
    if not options.only:
        for name in unnamed():
            print(f'FAIL  docs/security.md does not name {name}')
            results.append(Result(None, 'FAIL'))
    count = {state: sum(each.state == state for each in results) for state in ('ok', 'FAIL', 'skip')}
    print(f'took {time.monotonic() - began:.0f} s')
    print(f'{count["ok"]} passed, {count["FAIL"]} failed, {count["skip"]} skipped')
    return 1 if count['FAIL'] or not count['ok'] else 0


if __name__ == '__main__':
    sys.exit(main())
