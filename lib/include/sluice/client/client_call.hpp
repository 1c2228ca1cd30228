// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/metadata.hpp>
#include <sluice/core/status.hpp>
#include <sluice/rpc/call_options.hpp>
#include <sluice/rpc/call_stream.hpp>
#include <sluice/rpc/method.hpp>

#include <memory>
#include <string>

namespace sluice {

class channel;
struct peer_identity;
namespace coro {
class context;
}

/// The client's end of one call, untyped: what the typed calls stand on.
///
/// It ends exactly once: with the peer's status, or with ours (a deadline, a stop, a lost connection, a cancel). Messages
/// may be written before it starts; they leave with its headers.
class client_call : public call_stream {
 public:
  /// Begins the call under `parent`: inherits its deadline, stop and trace context unless the options detach it. Once.
  virtual void start(coro::context& parent) = 0;
  [[nodiscard]] virtual bool started() const noexcept = 0;
  /// Which messages are compressed from now on, when the call has a compression. Returns what held before.
  virtual compression_mode compress_messages(compression_mode mode) noexcept = 0;
  /// The response that was read last came compressed.
  [[nodiscard]] virtual bool response_compressed() const noexcept = 0;
  /// Half-closes: no more messages.
  virtual void writes_done() noexcept = 0;
  /// Ends the call with CANCELLED (or `why`), and tells the peer by RST_STREAM. Nothing once it has ended.
  virtual void cancel(status why) noexcept = 0;
  /// Queues `node` when the call has ended and every message that came before has arrived.
  virtual void when_ended(coro::ready_node& node) noexcept = 0;
  [[nodiscard]] virtual bool ended() const noexcept = 0;
  /// What it ended with; ok while it has not.
  [[nodiscard]] virtual status const& outcome() const noexcept = 0;
  [[nodiscard]] virtual metadata const& initial_metadata() const noexcept = 0;
  [[nodiscard]] virtual metadata const& trailing_metadata() const noexcept = 0;
  /// The initial metadata are there.
  [[nodiscard]] virtual bool has_headers() const noexcept = 0;
  /// Queues `node` once they are, or the call has ended. Null: whoever waited has gone.
  virtual void when_headers(coro::ready_node* node) noexcept = 0;
  /// The server's address; empty before the call has a connection.
  [[nodiscard]] virtual std::string const& peer() const noexcept = 0;
  /// Who the server is, if `verified`; null before the call has a connection, and without TLS.
  [[nodiscard]] virtual peer_identity const* identity() const noexcept = 0;
  /// The context that the call runs under, once started: stopped when it ends.
  [[nodiscard]] virtual coro::context& context() noexcept = 0;
  /// Whoever waited to read, or for the end, has gone and is not told.
  virtual void forget_readers() noexcept = 0;
  /// The owner has gone: cancel if it is not over, and free when the transport has let go.
  virtual void release() noexcept = 0;

 protected:
  ~client_call() = default;
};

struct release_call {
  void operator()(client_call* call) const noexcept { call->release(); }
};
using client_call_ptr = std::unique_ptr<client_call, release_call>;

/// A call that has not started: nothing is sent. Its errors (bad metadata, a channel that was shut down) come when it is
/// awaited.
[[nodiscard]] client_call_ptr new_call(channel& on, method which, call_options&& options);
/// The same for a method whose name is known at run time only.
[[nodiscard]] client_call_ptr new_call(channel& on, std::string path, method_kind kind,
                                       call_options&& options);

}  // namespace sluice
