# SPDX-License-Identifier: Apache-2.0
"""Debian's proxies between sluice's client and sluice's server: nginx (grpc_pass), HAProxy, nghttpx and Caddy.

The cases are those of cases.md: four kinds, errors before and after messages, cancel, deadlines. Beside them
`early_error` of interop_client: ten times a bidirectional and a client stream that the server fails while the client
still writes.
"""
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import peers
from processes import Child, Server, run_client
from suite import matrix
from suite.matrix import connects, free_port



START_LIMIT = 20
EARLY = 'early_error'


@dataclass
class Proxy:
    name: str
    program: str
    package: str
    command: callable  # (directory, port, behind) -> command; writes its configuration into the directory
    env: dict = field(default_factory=dict)


def nginx(directory, port, behind):
    temporary = ''.join(f'  {kind}_temp_path {directory}/{kind};\n'
                        for kind in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
    (directory / 'nginx.conf').write_text(f'''
daemon off;
master_process off;
pid {directory}/pid;
error_log {directory}/errors warn;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_max_body_size 0;
  http2_max_concurrent_streams 1000;
{temporary}
  server {{
    listen 127.0.0.1:{port} http2;
    location / {{ grpc_pass grpc://127.0.0.1:{behind}; }}
  }}
}}
''')
    return ['nginx', '-p', directory, '-e', directory / 'errors', '-c', directory / 'nginx.conf']


def haproxy(directory, port, behind):
    (directory / 'haproxy.cfg').write_text(f'''
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend front
  bind 127.0.0.1:{port} proto h2
  default_backend back
backend back
  server one 127.0.0.1:{behind} proto h2
''')
    return ['haproxy', '-db', '-f', directory / 'haproxy.cfg']


def nghttpx(directory, port, behind):
    return ['nghttpx', '--conf=/dev/null', f'--frontend=127.0.0.1,{port};no-tls',
            f'--backend=127.0.0.1,{behind};;proto=h2', '--workers=1',
            '--frontend-http2-max-concurrent-streams=1000', f'--errorlog-file={directory}/errors',
            f'--pid-file={directory}/pid']


def caddy(directory, port, behind):
    (directory / 'Caddyfile').write_text(f'''
{{
  admin off
  auto_https off
  servers {{
    protocols h1 h2c
  }}
}}
http://127.0.0.1:{port} {{
  reverse_proxy h2c://127.0.0.1:{behind}
}}
''')
    return ['caddy', 'run', '--adapter', 'caddyfile', '--config', directory / 'Caddyfile']


PROXIES = [
    Proxy('nginx', 'nginx', 'nginx', nginx),
    Proxy('haproxy', 'haproxy', 'haproxy', haproxy),
    Proxy('nghttpx', 'nghttpx', 'nghttp2-proxy', nghttpx),
    Proxy('caddy', 'caddy', 'caddy', caddy),
]


class Standing(Child):
    """A proxy on a free port in front of a server; `port` is None when it did not come up."""

    def __init__(self, proxy, behind, directory, logs):
        self.port = free_port()
        home = {'HOME': str(directory), 'XDG_CONFIG_HOME': str(directory), 'XDG_DATA_HOME': str(directory)}
        super().__init__(proxy.command(directory, self.port, behind), home, logs / f'proxy-{proxy.name}.log')

    def __enter__(self):
        end = time.monotonic() + START_LIMIT
        while not connects(self.port):
            if self.process.poll() is not None or time.monotonic() > end:
                self.port = None
                break
            time.sleep(0.05)  # sleep: programs of others do not all say when they listen
        return self


def run_proxy(proxy, peer, cases, results, logs):
    pair = ('sluice', f'{proxy.name} sluice')
    if shutil.which(proxy.program) is None:
        print(f'skipped proxies, {proxy.name}: not found (install {proxy.package})', flush=True)
        for case in cases:
            results.add(pair, case, 'skipped', f'{proxy.program} not found (install {proxy.package})')
        return
    with tempfile.TemporaryDirectory(prefix='sluice-proxy-') as directory, Server(peer, logs) as server, \
            Standing(proxy, server.port, Path(directory), logs) as standing:
        if standing.port is None:
            found = {case: 'the proxy did not listen' for case in cases}
        else:
            found, _ = run_client(peer, standing.port, 'all', cases, logs)
        for case in cases:
            results.add(pair, case, 'failed' if found[case] else 'passed', found[case])


def run_early(proxy, suite, results, logs):
    with tempfile.TemporaryDirectory(prefix='sluice-proxy-') as directory, \
            matrix.Serving(suite, None, logs) as server, \
            Standing(proxy, server.port, Path(directory), logs) as standing:
        why = 'the proxy did not listen'
        if standing.port is not None:
            log = logs / f'proxy-{proxy.name}-early.log'
            log.unlink(missing_ok=True)
            why = matrix.run_client(suite, standing.port, EARLY, None, log)
    results.add(('sluice', f'{proxy.name} sluice'), EARLY, 'failed' if why else 'passed', why)


def run(options, cases, results, logs):
    peer = peers.sluice_peer(options.build)
    suite = matrix.programs.sluice(options.work, options.build)
    for proxy in PROXIES:
        run_proxy(proxy, peer, cases, results, logs)
        if shutil.which(proxy.program):
            run_early(proxy, suite, results, logs)
