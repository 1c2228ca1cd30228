# SPDX-License-Identifier: Apache-2.0
"""P15: connections that make one call and close, ten at a time, by the server's CPU. With TLS: full handshakes,
ECDSA P-256."""

import loads
from requirements import Requirement

KEY = "connects"
TITLE = "new connections, one call each: thousand a second of the server's CPU"
MORE_IS_BETTER = True
SECONDS = (9, 50)
PLOT = {"bars": True}
REQUIREMENTS = [
    Requirement("P15", "thousand new connections a second of CPU", KEY, "plaintext", "limit", 8, at_least=True),
]


def measure(bench):
    with loads.certificates() as directory:
        shape = ["--kind", "connect", "--connections", "10"]
        return loads.thousands_a_core(bench, "new connections", 200, *shape, secured=directory)
