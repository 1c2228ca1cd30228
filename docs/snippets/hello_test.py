#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The README's server and client, run against each other: hello_test.py SERVER CLIENT."""

import signal
import subprocess
import sys


def main():
    server_program, client_program = sys.argv[1:]
    with subprocess.Popen([server_program, "127.0.0.1:0"], stdout=subprocess.PIPE, text=True) as server:
        try:
            line = server.stdout.readline()
            if not line.startswith("listening on ipv4:127.0.0.1:"):
                sys.exit(f"the server said {line!r}")
            target = line.split()[-1]
            client = subprocess.run([client_program, target], capture_output=True, text=True, timeout=20, check=False)
            if (client.returncode, client.stdout) != (0, "Hello world\n"):
                sys.exit(f"the client ended with {client.returncode} and said {client.stdout!r} {client.stderr!r}")
            server.send_signal(signal.SIGTERM)
            code = server.wait(timeout=20)
            if code != 0:
                sys.exit(f"the server ended with {code}")
            # Nobody serves any more: the client says what it tried and what came of it.
            client = subprocess.run([client_program, target], capture_output=True, text=True, timeout=20, check=False)
            if client.returncode != 0 or f"UNAVAILABLE: connect to {target} failed" not in client.stdout:
                sys.exit(f"without a server the client ended with {client.returncode} and said {client.stdout!r}")
        finally:
            if server.poll() is None:
                server.kill()


if __name__ == "__main__":
    main()
