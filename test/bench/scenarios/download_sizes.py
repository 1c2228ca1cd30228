# SPDX-License-Identifier: Apache-2.0
"""P10, server to client: one stream, from empty messages to 16 MiB, both ends the same implementation."""

import sizes

KEY = "download_sizes"
TITLE = "one stream, server to client: MB/s by bytes of a message"
MORE_IS_BETTER = True
SECONDS = (8, 250)
REQUIREMENTS = sizes.requirements(KEY, "server to client")
PLOT = {"x": "bytes of a message", "log": True}


def measure(bench):
    return sizes.measure(bench, "download")
