// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>
#include <sluice/core/metadata.hpp>
#include <sluice/coro/stop.hpp>
#include <sluice/net/peer_identity.hpp>
#include <sluice/rpc/compression_mode.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// The call that a handler serves: `sluice::server_call& call = co_await sluice::this_call;`
///
/// Concurrency: the call's executor. Lifetime: until the handler has ended.
class server_call {
 public:
  server_call(server_call const&) = delete;
  server_call& operator=(server_call const&) = delete;

  /// "/package.Service/Method".
  [[nodiscard]] virtual std::string_view method() const noexcept = 0;
  /// What the client sent, without the protocol's own headers.
  [[nodiscard]] virtual sluice::metadata const& metadata() const noexcept = 0;
  /// The client's address: "ipv4:127.0.0.1:41234", "unix:", "pipe".
  [[nodiscard]] virtual std::string peer() const = 0;
  /// Who the client has proved to be, and how the connection is protected; null without TLS. A client that gave no
  /// certificate has an identity without one.
  [[nodiscard]] virtual peer_identity const* identity() const noexcept = 0;
  /// The :authority that the client asked for.
  [[nodiscard]] virtual std::string_view authority() const noexcept = 0;
  /// The names of all services of the server that this call came to, sorted: "package.Service".
  [[nodiscard]] virtual std::vector<std::string_view> services() const = 0;
  /// The codec of the messages: "json" for application/grpc+json. Empty: protobuf.
  [[nodiscard]] virtual std::string_view content_subtype() const noexcept = 0;
  /// From grpc-timeout; never when the client named none.
  [[nodiscard]] virtual sluice::deadline deadline() const noexcept = 0;
  /// Stopped when the client cancels, the deadline passes, the connection is lost, or the server stops hard. Whatever the
  /// handler awaits is stopped with it.
  [[nodiscard]] virtual stop_token stop() noexcept = 0;
  /// Stopped when the server begins to drain: a long stream should come to its end. Nothing is interrupted by it.
  [[nodiscard]] virtual stop_token drain() noexcept = 0;

  /// Goes out with the first message, with send_initial_metadata, or with the end of the call. Throws status_error:
  /// INVALID_ARGUMENT for what cannot travel, RESOURCE_EXHAUSTED when it would be more than 63 KiB in all,
  /// FAILED_PRECONDITION once the headers have been sent.
  virtual void add_initial_metadata(std::string_view key, std::string_view value) = 0;
  /// Sends the headers now, before any message. Nothing when they have been sent.
  virtual void send_initial_metadata() = 0;
  /// Goes out with the status. Throws status_error INVALID_ARGUMENT for what cannot travel, RESOURCE_EXHAUSTED when it would
  /// be more than 63 KiB in all.
  virtual void add_trailing_metadata(std::string_view key, std::string_view value) = 0;

  /// Compresses the responses with this one of the server's compressors; "identity": none. Until the headers are sent.
  /// False: the client does not accept it, and the responses go out as they are. Throws status_error: INVALID_ARGUMENT for
  /// a name that the server does not know, FAILED_PRECONDITION once the headers have been sent.
  virtual bool compression(std::string_view name) = 0;
  /// Which messages are compressed from now on, when the call has a compression. Returns what held before.
  virtual compression_mode compress_messages(compression_mode mode) = 0;
  /// The request that was read last came compressed.
  [[nodiscard]] virtual bool request_compressed() const noexcept = 0;

 protected:
  server_call() = default;
  ~server_call() = default;
};

}  // namespace sluice
