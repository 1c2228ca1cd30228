// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>
#include <sluice/core/peer_limits.hpp>
#include <sluice/coro/scheduler.hpp>

#include "http2/keepalive.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace sluice::transport {

class connection;

/// What a connection does because time passes, besides keeping the peer's limits; the default: nothing.
struct connection_times {
  http2::keepalive_options keepalive = {};
  duration min_ping_interval = duration::zero();  ///< of a client, see server_keepalive
  bool pings_without_calls = true;
  duration idle = duration::max();
  duration age = duration::max();
  duration age_grace = duration::max();
  duration drain_answer = duration::max();  ///< for the PING behind the notice of a graceful end
};

/// The one timer of a connection. It is armed for the nearest wish. What happens on the connection is noted without
/// touching it: when it fires it looks what is really due, and is armed anew.
class connection_timers final : private coro::timer {
 public:
  connection_timers(connection& of, peer_limits const& limits, connection_times const& times) noexcept
      : connection_{of}, limits_{limits}, times_{times}, keepalive_{times.keepalive} {}

  void start();
  void stop();
  /// The peer has sent something, or taken something.
  void heard() {
    if (keepalive_.enabled()) note_heard();
  }
  /// The first call of several opened; the last one closed.
  void busy() {
    if (keepalive_.enabled()) arm_for_calls();
    if (!sweeps_) begin_sweeps();
  }
  void idle() {
    if (times_.idle != duration::max()) note_idle();
  }
  /// The peer's first SETTINGS: it has ours by now, or gets them next.
  void greeted();
  /// More has come; `open` is the number of the header block that is not complete, or 0.
  void received(std::uint64_t open_block) {
    if (open_block != block_) note_block(open_block);
  }
  /// The socket does not take everything; `progress`: it took something.
  void write_blocked(bool progress);
  void write_done() noexcept { write_due_ = time_point::max(); }
  void drain_announced();
  void drain_answered() noexcept { drain_due_ = time_point::max(); }

 private:
  void expired() noexcept override;
  void check(time_point now);
  void begin_sweeps();
  void note_heard();
  void note_idle();
  void note_block(std::uint64_t open_block);
  void arm_for_calls();
  void arm(time_point at);
  [[nodiscard]] time_point next() const noexcept;
  [[nodiscard]] time_point idle_due() const noexcept;
  // Each does what is due at `now`. True: the connection is closed.
  [[nodiscard]] bool check_keepalive(time_point now);
  [[nodiscard]] bool check_age(time_point now);
  void check_idle(time_point now);
  void check_stalls(time_point now);
  [[nodiscard]] bool check_limits(time_point now);

  connection& connection_;
  peer_limits const& limits_;
  connection_times const times_;
  http2::keepalive keepalive_;
  time_point armed_ = time_point::max();
  time_point heard_;
  time_point idle_since_;
  time_point age_due_ = time_point::max();
  time_point grace_ends_ = time_point::max();
  time_point drain_due_ = time_point::max();
  time_point handshake_due_ = time_point::max();
  time_point settings_due_ = time_point::max();
  time_point block_due_ = time_point::max();
  time_point write_due_ = time_point::max();
  time_point stall_due_ = time_point::max();
  std::uint64_t block_ = 0;
  bool sweeps_ = true;  // looks for stalled responses, or never does
};

}  // namespace sluice::transport
