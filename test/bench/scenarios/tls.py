# SPDX-License-Identifier: Apache-2.0
"""P15: what TLS 1.3 costs a server, by its CPU. The certificate is ECDSA P-256; the cipher is what both ends
choose. tonic would need another TLS library: it is in the first row only."""

import loads
from requirements import Requirement

KEY = "tls"
TITLE = "server, unary at 10 × 100: thousand calls a second of CPU"
MORE_IS_BETTER = True
SECONDS = (9, 50)
PLOT = {"bars": True}
REQUIREMENTS = [
    Requirement("P15", "TLS 1.3 against plaintext", KEY, "TLS 1.3", "row:plaintext", 0.65, 0.8, at_least=True),
]


def measure(bench):
    shape = ["--connections", "10", "--streams", "100"]
    with loads.certificates() as directory:
        return loads.thousands_a_core(bench, "TLS", 5000, *shape, secured=directory)
