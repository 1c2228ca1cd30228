// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>
#include <sluice/core/keepalive.hpp>
#include <sluice/core/log.hpp>
#include <sluice/core/peer_limits.hpp>
#include <sluice/net/tls.hpp>
#include <sluice/rpc/compressors.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

class call_credentials;
class channel_observer;
class client_interceptor;

/// How a channel connects and what its calls default to. Set what differs:
///   sluice::channel channel{executor, "localhost:50051", {.wait_for_ready = true}};
struct channel_options {
  /// What the calls' :authority says. Empty: by the target.
  std::string authority = {};
  /// Without it the connections are plaintext. With a connector it runs over the connector's streams.
  std::optional<tls_client> tls = {};
  /// Put in front of "sluice/VERSION" in the user-agent header.
  std::string user_agent = {};
  /// Of all addresses together, up to the peer's first SETTINGS, the TLS handshake included.
  duration connect_timeout = std::chrono::seconds{20};
  /// Wait after the n-th failed connect: initial × multiplier^(n-1), at most max, ± jitter (a share of it).
  duration backoff_initial = std::chrono::seconds{1};
  duration backoff_max = std::chrono::seconds{120};
  double backoff_multiplier = 1.6;
  double backoff_jitter = 0.2;
  /// Without a call for so long the connection is closed and the channel idle. duration::max(): never.
  duration idle_timeout = std::chrono::minutes{30};
  /// Calls wait for a connection instead of failing while connecting fails.
  bool wait_for_ready = false;
  /// Bytes of one message.
  std::size_t max_receive_size = std::size_t{4} * 1024 * 1024;
  std::size_t max_send_size = std::numeric_limits<std::uint32_t>::max();
  /// Bytes of one header list of a response, by name + value + 32.
  std::uint32_t max_header_list_size = 8 * 1024;
  /// Bytes that a stream (a connection) may receive ahead of its reader. The window of a stream that is read grows
  /// with its messages and with what the peer can send in a round trip, at most to the connection's.
  std::uint32_t stream_window = 256 * 1024;
  std::uint32_t connection_window = 4 * 1024 * 1024;
  client_keepalive keepalive = {};
  peer_limits limits = {};
  /// The algorithms that the channel can decode, and compress with: gzip, deflate, zstd, and what you add.
  sluice::compressors compressors = {};
  /// Compresses the requests with this one of `compressors`; a call may say otherwise. Empty: none. An unknown name throws
  /// INVALID_ARGUMENT from the channel's constructor. Before you compress what an attacker can mix with a secret, read
  /// docs/guide/compression.md.
  std::string compression = {};
  /// Messages of fewer bytes go out as they are. 0: each one is tried.
  std::size_t compression_min_size = 1024;
  log_sink log = log_to_stderr();
  /// Told of connections and calls; null: nobody. Must outlive the channel.
  channel_observer* observer = nullptr;
  /// Around every call, the first one outermost. Empty: calls pay nothing for it.
  std::vector<std::shared_ptr<client_interceptor>> interceptors = {};
  /// Of every call: see client/credentials.hpp. A call's own come after them.
  std::shared_ptr<call_credentials> credentials = {};
  /// Credentials may travel where everybody on the way can read them. For tests, and where something else encrypts.
  bool allow_plaintext_credentials = false;
};

}  // namespace sluice
