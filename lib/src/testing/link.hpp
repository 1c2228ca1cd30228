// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/scheduler.hpp>
#include <sluice/net/byte_stream.hpp>

#include "testing/frame_meddler.hpp"
#include "testing/simulation.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

namespace sluice::testing {

/// A connection of a world: two ends, and between them a network that splits, delays, breaks and meddles.
///
///   write -> lane.sent -> (transport, in pieces, at its time, past the meddler) -> lane.arrived -> read
///
/// End 0 is the client's and writes lane 0. Both buffers are bounded by the capacity, so a reader that is slow is felt.
/// Lifetime: shared by its ends and by what is posted; the world's simulation outlives it.
class link final : public std::enable_shared_from_this<link> {
 public:
  link(simulation& in, std::uint64_t id, std::string server);

  /// The two ends, client's first. Once.
  [[nodiscard]] std::pair<std::unique_ptr<byte_stream>, std::unique_ptr<byte_stream>> ends();
  [[nodiscard]] bool is_open() const noexcept { return !ends_[0].closed || !ends_[1].closed; }
  /// From now on nothing goes wrong here; a direction that is silent breaks the connection.
  void heal();
  void at_rest();
  /// The world goes.
  void drop_waiters() noexcept;

 private:
  class end;
  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

  struct call_later final : coro::timer {
    void expired() noexcept override { (of->*what)(index); }
    link* of = nullptr;
    void (link::*what)(std::size_t) = nullptr;
    std::size_t index = 0;
  };
  struct lane {
    buffer sent;
    buffer arrived;
    std::uint64_t moved = 0;
    std::uint64_t reset_at = never;
    std::uint64_t end_at = never;
    std::uint64_t silent_at = never;
    bool moving = false;  // a transport is on its way
    bool writer_ended = false;  // nothing follows what was sent
    bool ended = false;  // nothing follows what has arrived
    bool slow = false;  // the reader is told late
    call_later transport;
    call_later tell;
    call_later restore;
    call_later silence;
  };
  struct end_state {
    std::array<std::shared_ptr<io_waiter>, 2> waiting;
    std::string name;
    bool closed = false;
  };

  void draw_faults();
  [[nodiscard]] io_result read(std::size_t end, std::span<std::byte> into);
  [[nodiscard]] io_result write(std::size_t end, std::span<bytes_view const> pieces);
  void wait(std::size_t end, io_direction direction, std::shared_ptr<io_waiter> waiter);
  void close(std::size_t end);

  void schedule(std::size_t lane);
  void move(std::size_t lane);
  [[nodiscard]] std::size_t cut(std::size_t lane, std::size_t bytes) const noexcept;
  void apply_cuts(std::size_t lane);
  void break_now(std::size_t);
  void restore(std::size_t lane);
  [[nodiscard]] bool ready(std::size_t end, io_direction direction) const noexcept;
  void wake(std::size_t end, io_direction direction);
  void tell_late(std::size_t lane) { post_ready(1 - lane, io_direction::read, 0); }
  void post_ready(std::size_t end, io_direction direction, std::uint64_t hops);
  [[nodiscard]] std::size_t piece(std::size_t bytes);
  [[nodiscard]] time_point some_time(duration longest);

  simulation& in_;
  std::uint64_t id_;
  std::size_t capacity_;
  std::array<lane, 2> lanes_;
  std::array<end_state, 2> ends_;
  frame_meddler meddler_;
  bool broken_ = false;
};

}  // namespace sluice::testing
