// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>
#include <sluice/coro/executor.hpp>
#include <sluice/net/byte_stream.hpp>

#include <functional>
#include <memory>

#include "net/tls_engine.hpp"

namespace sluice::net {

/// What a tls_stream begins with.
struct tls_begin {
  tls_side side = tls_side::client;
  SSL_CTX* context = nullptr;
  BIO_METHOD const* method = nullptr;
  /// Keeps both of them, and what their callbacks use.
  std::shared_ptr<void const> keep;
  duration handshake_timeout = duration::max();
  std::function<void(tls_engine&)> prepare;  ///< called once, before the handshake
};

/// TLS over a byte_stream. It shakes hands by itself while it is read, written or waited for: reads and writes would
/// block until then, and a waiter of either direction is told when the handshake has moved.
///
/// A write encrypts up to 64 KiB, writes that by one call below, and goes on while all of it was taken. So what is
/// encrypted and unsent is never more than that and its records' frames; answers to a peer that asks for them and does
/// not read may add as much three times, then it has failed. It leaves by itself when it can, for 10 s also after `close`.
[[nodiscard]] std::unique_ptr<byte_stream> make_tls_stream(asio::any_io_executor const& executor,
                                                           std::unique_ptr<byte_stream> below,
                                                           tls_begin begin);

}  // namespace sluice::net
