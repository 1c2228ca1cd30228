// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>

#include <chrono>

namespace sluice {

/// How a client finds out that its server, or the way there, is gone (gRFC A8, A18): an HTTP/2 PING after a silence.
///   sluice::channel channel{executor, "localhost:50051", {.keepalive = {.time = std::chrono::minutes{5}}}};
struct client_keepalive {
  /// Silence after which a PING is sent; duration::max(): never. Less than ten seconds is taken for ten (gRFC A8).
  /// Servers refuse intervals below their minimum, five minutes by default: they end the connection ("too_many_pings"),
  /// and then the channel doubles this.
  duration time = duration::max();
  /// An unanswered PING after so long ends the connection, and its calls with UNAVAILABLE. Also what TCP waits for an
  /// acknowledgement (TCP_USER_TIMEOUT), where `time` is not off.
  duration timeout = std::chrono::seconds{20};
  /// Also while no call is open. Servers may refuse that, too.
  bool permit_without_calls = false;
};

/// The same for a server (gRFC A9), and what it allows its clients.
struct server_keepalive {
  /// Silence after which a PING is sent, whether or not calls are open; duration::max(): never.
  duration time = std::chrono::hours{2};
  /// As client_keepalive::timeout.
  duration timeout = std::chrono::seconds{20};
  /// Shortest time between two PINGs of a client. The third that comes too early, with nothing of a call sent to the
  /// client in between, ends the connection: GOAWAY ENHANCE_YOUR_CALM, "too_many_pings".
  duration min_ping_interval = std::chrono::minutes{5};
  /// A client may send PINGs at that interval while no call is open; else two hours apart.
  bool permit_without_calls = false;
};

}  // namespace sluice
