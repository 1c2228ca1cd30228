# SPDX-License-Identifier: Apache-2.0
"""P10, client to server: one stream, from empty messages to 16 MiB, both ends the same implementation."""

import sizes

KEY = "upload_sizes"
TITLE = "one stream, client to server: MB/s by bytes of a message"
MORE_IS_BETTER = True
SECONDS = (8, 250)
REQUIREMENTS = sizes.requirements(KEY, "client to server")
PLOT = {"x": "bytes of a message", "log": True}


def measure(bench):
    return sizes.measure(bench, "upload")
