# SPDX-License-Identifier: Apache-2.0
"""docs/interop.md: the suite's results as a page. What can differ between two runs of the same versions is not in it."""
from suite import matrix

HEAD = '''# Interop

What the gRPC interop suite says of sluice: its client against the servers of other implementations, and their clients
against its server. `./dev interop` runs it and writes this page; [test/interop/suite/cases.md](../test/interop/suite/cases.md)
says what each case is. Each cell stands for two runs, one in cleartext (h2c) and one over TLS.

The programs of grpc-go and grpc-java and the server of grpc-js are the suite's own. For the others no registry has one:
the client on grpc-js, and both programs on grpcio and grpc++, are written here, on those libraries.
'''

TAIL = '''## Not applicable

- `orca_per_rpc`, `orca_oob`: they test a client's load-reporting balancer, which sluice does not have yet.
- The cases of the suite for cloud credentials, ALTS and xDS: they need what they are named after.
- `concurrent_large_unary`, `large_header` and `client_stream_without_requests` are ours: the clients of grpc-go and
  grpc-java do not know them.
'''


OUTCOMES = {'passed': 'pass', 'failed': '**FAIL**', 'skipped': 'skipped'}


class Gaps:
    """The gaps, numbered as they come."""

    def __init__(self):
        self.entries = []

    def number(self, gap, proof):
        for at, (known, proofs) in enumerate(self.entries, 1):
            if known is gap:
                proofs.append(proof)
                return at
        self.entries.append((gap, [proof]))
        return len(self.entries)


def cell(whole, client, server, case, gaps):
    outcomes = []
    for security in matrix.SECURITIES:
        cells = whole.results.cells.get(matrix.label_of(client, server, security), {})
        outcome, _ = cells.get(case, (None, None))
        known = whole.said.get((client, server, security, case))
        outcomes.append(f'gap {gaps.number(known[0], (case, known[1]))}' if known else
                        OUTCOMES.get(outcome, '–'))
    if len(set(outcomes)) == 1:
        return outcomes[0]
    return ', '.join(f'{security} {outcome}' for security, outcome in zip(matrix.SECURITIES, outcomes))


def table(whole, pairs, names, cases, gaps):
    lines = ['| case | ' + ' | '.join(names) + ' |', '|---' * (len(names) + 1) + '|']
    for case in [*cases, matrix.CLEAN]:
        lines.append(f'| `{case}` | ' + ' | '.join(cell(whole, *pair, case, gaps) for pair in pairs) + ' |')
    return '\n'.join(lines)


def proxies(results):
    """The table of what stands between sluice's client and server."""
    if results is None:
        return []
    cases = list(dict.fromkeys(case for cells in results.cells.values() for case in cells))
    names = [server.split()[0] for _, server in results.cells]
    lines = ['## Proxies\n', 'Between sluice\'s client and server, with the cases of '
             '[test/interop/cases.md](../test/interop/cases.md); `early_error` is\nten bidirectional and ten client '
             'streams that the server fails while the client still writes.\n',
             '| case | ' + ' | '.join(names) + ' |', '|---' * (len(names) + 1) + '|']
    for case in cases:
        words = [OUTCOMES[cells[case][0]] for cells in results.cells.values()]
        lines.append(f'| `{case}` | ' + ' | '.join(words) + ' |')
    return [*lines, '\n']


def render(whole, cases, through):
    named = [name for name in matrix.programs.INSTALLERS if name in whole.ready]
    libraries = [whole.ready[name].library for name in named]
    gaps = Gaps()
    parts = [HEAD, '## The client of sluice\n',
             table(whole, [('sluice', name) for name in ['sluice', *named]], ['sluice', *libraries], cases, gaps),
             '\n## The server of sluice\n',
             table(whole, [(name, 'sluice') for name in named], libraries, cases, gaps),
             '\n`ends_clean`: the server ended by itself on SIGTERM, with exit code 0.\n', '## Gaps of the peers\n',
             'Cases that a peer\'s program does not do. Each run proves it without sluice: another client fails the '
             'case against\nthat server, or the client fails it against the server of its own library.\n']
    for at, (gap, proofs) in enumerate(gaps.entries, 1):
        parts.append(f'{at}. {whole.ready[gap.peer].library}, {gap.side}: {gap.reason}.')
        parts += [f'   - `{case}`: {proof}' for case, proof in dict(proofs).items()]
    return '\n'.join([*parts, '', *proxies(through)]) + TAIL


def write(path, whole, cases, through):
    lacking = sorted(set(matrix.programs.INSTALLERS) - set(whole.ready))
    if lacking or whole.cases != cases or tuple(whole.options.securities) != matrix.SECURITIES:
        print(f'{path} is not written: not all of the suite ran {lacking or ""}', flush=True)
        return
    path.write_text(render(whole, cases, through))
