#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""layers.py can fail: each row lays one tree and says whether, and why, it must be found wrong."""

import tempfile
import unittest
from pathlib import Path

import layers

# Headers that the rows include; each is there and includes nothing.
PUBLIC = ["core/status.hpp", "coro/task.hpp", "coro/asio.hpp", "http2/settings.hpp", "rpc/method.hpp",
          "client/channel.hpp", "server/server.hpp", "services/health.hpp", "testing/pipe.hpp"]
PRIVATE = ["core/table.hpp", "wire/framing.hpp", "http2/session.hpp", "net/dial.hpp", "transport/stream.hpp",
           "rpc/codec.hpp", "client/attempt.hpp", "server/dispatcher.hpp"]
HEAD = "// SPDX-License-Identifier: Apache-2.0\n#pragma once\n"

# (file, its one line, a part of the finding or None for a tree that is right).
ROWS = [
    ("lib/src/transport/connection.cpp", '#include "http2/session.hpp"', None),
    ("lib/src/transport/connection.cpp", '#include "transport/stream.hpp"', None),
    ("lib/src/transport/connection.cpp", "#include <boost/asio/post.hpp>", None),
    ("lib/src/client/a.cpp", "#include <sluice/rpc/method.hpp>", None),
    ("lib/src/client/a.cpp", "#include <vector>", None),
    ("lib/src/net/a.cpp", "#include <ares.h>", None),
    ("lib/src/net/a.cpp", "#include <sys/un.h>", None),
    ("lib/include/sluice/coro/asio_operation.hpp", "#include <boost/asio/any_io_executor.hpp>", None),
    ("lib/include/sluice/coro/spawn.hpp", "#include <boost/asio/any_io_executor.hpp>", None),
    ("lib/include/sluice/coro/scope.hpp", "#include <boost/asio/post.hpp>", "Boost.Asio is known to"),
    ("lib/include/sluice/rpc/protobuf.hpp", "#include <google/protobuf/message_lite.h>", None),
    ("lib/src/services/health.cpp", '#include "grpc/health/v1/health.pb.h"', None),
    ("lib/src/wire/a.cpp", "int f();  // co_await, steady_clock::now() in a comment", None),
    ("lib/include/sluice/all.hpp", "#include <sluice/client/channel.hpp>", None),
    ("samples/hello/client.cpp", "#include <sluice/client/channel.hpp>", None),

    ("lib/src/core/a.cpp", "#include <sluice/coro/task.hpp>", "core is a machine"),
    ("lib/src/coro/a.cpp", '#include "net/dial.hpp"', "net is above coro"),
    ("lib/src/wire/a.cpp", "#include <sluice/coro/task.hpp>", "wire is a machine"),
    ("lib/src/http2/a.cpp", '#include "wire/framing.hpp"', "http2 is a machine"),
    ("lib/src/http2/a.cpp", "#include <coroutine>", "no coroutine"),
    ("lib/src/wire/a.cpp", "auto now = std::chrono::steady_clock::now();", "no clock"),
    ("lib/src/net/a.cpp", '#include "http2/session.hpp"', "net and http2 are siblings"),
    ("lib/src/rpc/a.cpp", '#include "transport/stream.hpp"', "rpc and transport are siblings"),
    ("lib/src/transport/a.cpp", '#include "rpc/codec.hpp"', "transport and rpc are siblings"),
    ("lib/src/client/a.cpp", '#include "server/dispatcher.hpp"', "client and server are siblings"),
    ("lib/include/sluice/server/a.hpp", "#include <sluice/client/channel.hpp>", "server and client are siblings"),
    ("lib/src/server/a.cpp", "#include <sluice/services/health.hpp>", "services is above server"),
    ("lib/src/services/a.cpp", "#include <sluice/testing/pipe.hpp>", "services and testing are siblings"),
    ("lib/src/rpc/a.cpp", '#include "client/attempt.hpp"', "client is above rpc"),

    ("lib/src/coro/task.cpp", "#include <boost/asio/post.hpp>", "Boost.Asio is known to"),
    ("lib/include/sluice/rpc/a.hpp", "#include <boost/asio/post.hpp>", "Boost.Asio is known to"),
    ("lib/src/http2/a.cpp", "#include <boost/asio/buffer.hpp>", "Boost.Asio is known to"),
    ("lib/src/transport/a.cpp", "#include <nghttp2/nghttp2.h>", "nghttp2 is known to http2"),
    ("lib/src/client/a.cpp", "#include <ares.h>", "c-ares is known to net"),
    ("lib/src/rpc/codec.cpp", "#include <google/protobuf/message.h>", "protobuf is known to"),
    ("lib/src/client/a.cpp", '#include "helloworld.pb.h"', "generated code is known to"),
    ("lib/src/server/a.cpp", "#include <sys/socket.h>", "the system's I/O is known to"),
    ("lib/src/core/a.cpp", "#include <boost/intrusive/list.hpp>", "another Boost library"),
    ("lib/src/core/a.cpp", "#include <fmt/format.h>", "in no row of THIRD_PARTIES"),

    ("lib/include/sluice/client/a.hpp", '#include "client/attempt.hpp"', "public headers only"),
    ("lib/src/client/a.cpp", '#include "sluice/rpc/method.hpp"', "included with <>"),
    ("lib/src/client/a.cpp", "#include <client/attempt.hpp>", 'included with ""'),
    ("lib/src/client/a.cpp", '#include "attempt.hpp"', 'named "LAYER/..."'),
    ("lib/src/client/a.cpp", '#include "../server/dispatcher.hpp"', "hides the layer"),
    ("lib/src/client/a.cpp", "#include <sluice/rpc/gone.hpp>", "no such public header"),
    ("lib/src/client/a.cpp", '#include "rpc/gone.hpp"', "no such private header"),
    ("lib/src/client/a.cpp", "#include <sluice/all.hpp>", "no such public header"),
    ("lib/src/lonely.cpp", "int x;", "in no layer"),
    ("lib/src/helpers/a.cpp", "int x;", "is no layer"),
    ("samples/hello/client.cpp", '#include "client/attempt.hpp"', "public headers only"),
    ("gen/main.cpp", "#include <sluice/rpc/gone.hpp>", "no such public header"),
]


def lay(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


class layers_test(unittest.TestCase):
    def check(self, name, line, expected, head=HEAD):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for header in PUBLIC:
                lay(root, f"lib/include/sluice/{header}", HEAD)
            for header in PRIVATE:
                lay(root, f"lib/src/{header}", HEAD)
            lay(root, name, head + line + "\n")
            found, _ = layers.findings(root)
            if expected is None:
                self.assertEqual(found, [])
            else:
                self.assertEqual(len(found), 1, found)
                self.assertIn(expected, found[0])
                self.assertTrue(found[0].startswith(name), found[0])

    def test_each_row(self):
        for name, line, expected in ROWS:
            with self.subTest(name=name, line=line):
                self.check(name, line, expected)

    def test_a_header_without_pragma_once_is_found(self):
        self.check("lib/src/rpc/a.hpp", "int f();", "#pragma once", head="")


if __name__ == "__main__":
    unittest.main()
