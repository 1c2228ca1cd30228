# SPDX-License-Identifier: Apache-2.0
"""Messages a second in the rounds of `open_streams`; the load generator may be what limits them."""

import scaling
from scenarios import open_streams

KEY = "open_streams_rate"
TITLE = "messages on open streams: thousand each way/s"
MORE_IS_BETTER = True
SECONDS = (0, 0)  # beyond those of open_streams
PLOT = {"x": "open streams", "log": True}
REQUIREMENTS = []


def measure(bench):
    return scaling.thousand_a_second(open_streams.rounds(bench))
