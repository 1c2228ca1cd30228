// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/client_call.hpp>
#include <sluice/net/peer_identity.hpp>

#include <string>
#include <utility>

namespace sluice {

/// What the four kinds share: one call, lazy, and what is known about it afterwards.
///
/// Cancellation: by the stop of the context that awaits it, by `cancel`, or by destroying it: the peer is told at once by
///   RST_STREAM. Concurrency: the channel's executor; one read, one write at a time.
/// Lifetime: the channel outlives the call, or has ended it; then everything that waits fails with UNAVAILABLE.
class any_call {
 public:
  /// What the server sent before its first message. Empty until then: ask again once it is there.
  [[nodiscard]] metadata const& initial_metadata() const noexcept { return call_->initial_metadata(); }
  /// What the server sent with its status. Empty until the call has ended: ask again then.
  [[nodiscard]] metadata const& trailing_metadata() const noexcept { return call_->trailing_metadata(); }
  /// "ipv4:127.0.0.1:50051"; empty before the call has a connection.
  [[nodiscard]] std::string const& peer() const noexcept { return call_->peer(); }
  /// Who the server is, if `verified`; null before the call has a connection, and without TLS. It lives as long as the call.
  [[nodiscard]] peer_identity const* identity() const noexcept { return call_->identity(); }
  [[nodiscard]] bool ended() const noexcept { return call_->ended(); }
  /// The response that was read last came compressed.
  [[nodiscard]] bool response_compressed() const noexcept { return call_->response_compressed(); }
  /// How the call ended; ok while it has not.
  [[nodiscard]] sluice::status const& status() const noexcept { return call_->outcome(); }
  /// Ends the call with CANCELLED.
  void cancel() noexcept { call_->cancel(sluice::status{code::cancelled, "cancelled by the caller"}); }

 protected:
  explicit any_call(client_call_ptr call) noexcept : call_{std::move(call)} {}
  ~any_call() = default;
  any_call(any_call&&) noexcept = default;
  any_call& operator=(any_call&&) noexcept = default;

  void start_under(coro::context& parent) {
    if (!call_->started()) call_->start(parent);
  }

  client_call_ptr call_;
};

}  // namespace sluice
