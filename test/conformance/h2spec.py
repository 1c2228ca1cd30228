#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judges of HTTP/2 that others wrote, and the eight behaviours of the gRPC suite's negative tests.

  h2spec    every case in strict mode against our server, over h2c and over TLS
  h2specd   every case against our client
  negative  our client against raw_server.py: goaway, resets, pings, max_streams, padding

Usage: h2spec.py --build DIR [--tools DIR] [--only NAME ...] [--json FILE]. There is no list of known failures. A part
whose tool is missing is skipped, and said. Ends with one line: N passed, N failed, N skipped.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # for test/support

import raw_server  # noqa: E402

LIMIT = 600
NEGATIVE = ['goaway', 'rst_after_header', 'rst_during_data', 'rst_after_data', 'ping', 'max_streams',
            'data_frame_padding', 'no_padding']


class Serving:
    def __init__(self, *command):
        self.process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        match = re.fullmatch(r'listening on (\d+)\n', self.process.stdout.readline())
        if not match:
            self.__exit__()
            raise SystemExit('h2spec.py: the server did not come up')
        self.port = match[1]
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def read_report(path):
    """[(case, outcome, why)] of a JUnit report."""
    for each in ElementTree.parse(path).getroot().iter('testcase'):
        name = f"{each.get('package')}: {each.get('classname')}"
        wrong = each.find('failure') if each.find('failure') is not None else each.find('error')
        outcome = 'skipped' if each.find('skipped') is not None else 'failed' if wrong is not None else 'passed'
        yield name, outcome, '' if wrong is None else ' '.join((wrong.text or '').split())


def read_output(text):
    """The same of what h2specd prints: it writes no report. Failures are printed a second time, at the end."""
    text = text.split('\nFailures:')[0]
    outcomes = {'✔': 'passed', '×': 'failed'}
    heading = ''
    for line in text.splitlines():
        title = re.match(r'\s*(\d+(?:\.\d+)*)\. ', line)
        heading = title[1] if title else heading
        case = re.match(r'\s*([✔×]) (\d+: .*)', line)
        if case:
            yield f'{heading}/{case[2]}', outcomes[case[1]], ''


def run_tool(command, report):
    output = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            errors='replace', timeout=LIMIT, check=False).stdout
    results = list(read_report(report)) if report.exists() else list(read_output(output))
    counted = re.search(r'(\d+) tests, (\d+) passed', output)
    if not counted or int(counted[1]) != len(results):
        results.append(('the tool counts otherwise', 'failed', counted[0] if counted else output[-500:]))
    return results


def certificate(scratch):
    chain, key = scratch / 'chain.pem', scratch / 'key.pem'
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
                    '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key,
                    '-out', chain], check=True, capture_output=True)
    return chain, key


def h2spec(options, scratch, secured):
    report = scratch / f'h2spec-{secured}.xml'
    with Serving(options.programs / 'conformance_server', *(certificate(scratch) if secured else ())) as server:
        return run_tool([options.tools / 'h2spec', '-S', '-h', '127.0.0.1', '-p', server.port, '-j', report,
                         *(['-t', '-k'] if secured else [])], report)


def h2specd(options, scratch):
    report = scratch / 'h2specd.xml'
    return run_tool([options.tools / 'h2specd', '-S', '-p', options.port, '-f', options.port + 1,
                     '-e', f'{options.programs / "conformance_client"} call'], report)


def negative(options):
    for case in NEGATIVE:
        server = raw_server.RawServer(case)
        ran = subprocess.run([options.programs / 'conformance_client', case, f'127.0.0.1:{server.port}'],
                             stdout=subprocess.PIPE, text=True, timeout=60, check=False)
        wrong = server.finish()
        if ran.returncode != 0:
            wrong.append(f'the client ended with {ran.returncode}: {ran.stdout.strip()}')
        yield case, 'failed' if wrong else 'passed', '; '.join(wrong)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', type=Path, required=True)
    parser.add_argument('--tools', type=Path, help='where h2spec and h2specd are (BUILD/h2spec)')
    parser.add_argument('--only', nargs='+', choices=['h2spec', 'h2spec-tls', 'h2specd', 'negative'])
    parser.add_argument('--port', type=int, default=30000, help='of h2specd, which takes those after it, too')
    parser.add_argument('--json', type=Path, help='write the figures there')
    options = parser.parse_args()
    options.tools = (options.tools or options.build / 'h2spec').resolve()
    options.programs = (options.build / 'test/conformance').resolve()
    return options


def main():
    options = arguments()
    figures, total = {}, {'passed': 0, 'failed': 0, 'skipped': 0}
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        parts = {'h2spec': lambda: h2spec(options, scratch, False), 'h2spec-tls': lambda: h2spec(options, scratch, True),
                 'h2specd': lambda: h2specd(options, scratch), 'negative': lambda: negative(options)}
        for part, run in parts.items():
            if options.only and part not in options.only:
                continue
            begun = time.monotonic()
            tool = options.tools / part.split('-')[0]
            if part != 'negative' and not tool.exists():
                results = [(f'{part}: {tool} is missing', 'skipped', '')]
            else:
                results = list(run())
            counts = {outcome: sum(each[1] == outcome for each in results) for outcome in total}
            for case, outcome, why in results:
                if outcome != 'passed':
                    print(f'{part}: {outcome}: {case}{": " + why if why else ""}')
            print(f'{part}: {counts["passed"]} of {len(results)} in {time.monotonic() - begun:.1f} s', flush=True)
            figures[part] = {**counts, 'cases': len(results), 'not_passed': [each for each in results if each[1] != 'passed']}
            for outcome, count in counts.items():
                total[outcome] += count
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + '\n')
    print(', '.join(f'{count} {outcome}' for outcome, count in total.items()))
    return 1 if total['failed'] or not total['passed'] else 0


if __name__ == '__main__':
    sys.exit(main())
