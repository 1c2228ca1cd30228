// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>
#include <sluice/core/keepalive.hpp>
#include <sluice/core/log.hpp>
#include <sluice/core/peer_limits.hpp>
#include <sluice/rpc/compressors.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

class server_interceptor;
class server_observer;

/// Limits and seams of a server. Set what differs:  sluice::server server{executor, {.max_receive_size = 16 << 20}};
struct server_options {
  /// Calls of one connection at a time, counted by running handlers: a call that the client reset counts until its
  /// handler has ended. More are refused (REFUSED_STREAM): clients that retry try again, sluice's fail with UNAVAILABLE.
  std::uint32_t max_concurrent_streams = 1000;
  /// Bytes of one message. Above: the call ends with RESOURCE_EXHAUSTED.
  std::size_t max_receive_size = std::size_t{4} * 1024 * 1024;
  std::size_t max_send_size = std::numeric_limits<std::uint32_t>::max();
  /// Bytes of one header list, by name + value + 32. Above: RESOURCE_EXHAUSTED; four times above: the connection closes.
  std::uint32_t max_header_list_size = 8 * 1024;
  /// Open connections, of all threads together; more wait in the system's queue until one closes.
  std::size_t max_connections = 10'000;
  /// Bytes that a stream (a connection) may receive ahead of its reader. The window of a stream that is read grows
  /// with its messages and with what the peer can send in a round trip, at most to the connection's.
  std::uint32_t stream_window = 256 * 1024;
  std::uint32_t connection_window = 4 * 1024 * 1024;
  /// A connection without a call for so long is told to go (GOAWAY "max_idle"). duration::max(): never.
  duration max_connection_idle = duration::max();
  /// A connection is told to go (GOAWAY "max_age") at this age, give or take a tenth, so that those which came together
  /// do not leave together. Its calls may end within the grace; then it is closed. duration::max(): never, for ever.
  duration max_connection_age = duration::max();
  duration max_connection_age_grace = duration::max();
  server_keepalive keepalive = {};
  peer_limits limits = {};
  /// The algorithms that the server can decode, and compress with: gzip, deflate, zstd, and what you add.
  sluice::compressors compressors = {};
  /// Compresses the responses to clients that accept it; a handler may say otherwise (server_call::compression). Empty:
  /// none. An unknown name throws INVALID_ARGUMENT from the server's constructor. Before you compress what an attacker
  /// can mix with a secret, read docs/guide/compression.md.
  std::string compression = {};
  /// Messages of fewer bytes go out as they are. 0: each one is tried.
  std::size_t compression_min_size = 1024;
  log_sink log = log_to_stderr();
  /// Told of connections and calls; null: nobody. Must outlive the server.
  server_observer* observer = nullptr;
  /// Around every call that has a handler, the first one outermost. With io_threads they run on all threads at once.
  /// Empty: calls pay nothing for it.
  std::vector<std::shared_ptr<server_interceptor>> interceptors = {};
};

}  // namespace sluice
