// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>
#include <sluice/coro/intrusive_list.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace sluice::coro {

class timer_wheel;

/// Where a timer stands in its wheel.
class timer_place {
  friend class timer;
  friend class timer_wheel;
  timer_wheel* wheel_ = nullptr;  // valid while the timer is linked
  std::uint64_t tick_ = 0;
  std::uint8_t level_ = 0;
  std::uint8_t slot_ = 0;
};

/// A point in time that somebody waits for. Unlinked before it fires and when it dies.
class timer : public list_hook<struct timers>, public timer_place {
 public:
  using list_tag = timers;

  /// Called by timer_wheel::advance, at or after the time that was asked for, never before.
  virtual void expired() noexcept = 0;

 protected:
  timer() = default;
  inline ~timer();
};

/// A hierarchical timing wheel: four levels of 64 slots, ticks of one millisecond. Adding and cancelling are constant
/// time and touch no clock and no system call; timers beyond 4.6 hours wait in the top level and are placed again.
///
///   level 3 |. . . . x . .|  64 slots of 262,144 ms
///   level 2 |. x . . . . .|  64 slots of 4,096 ms
///   level 1 |. . . . . x .|  64 slots of 64 ms
///   level 0 |. . x . . . .|  64 slots of 1 ms  <- what is due is here
class timer_wheel {
 public:
  explicit timer_wheel(time_point start) noexcept : start_{start} {}

  /// Fires at the first tick at or after `at`. A timer that is in the wheel already is moved.
  void add(timer& node, time_point at) noexcept;
  void cancel(timer& node) noexcept;

  /// Fires everything due at `now`. Timers may be added and cancelled from inside `expired`; what is added for a time
  /// that has passed fires in the next tick, not in this call's loop for ever.
  void advance(time_point now) noexcept;

  /// For another clock: `now` is the present, earlier or later than before. Timers keep their points in time; what is
  /// due by then fires in the next advance.
  void restart(time_point now) noexcept;

  /// No timer fires before this; nothing when the wheel is empty. Exact within level 0, else the start of a slot.
  [[nodiscard]] std::optional<time_point> next_expiry() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }

 private:
  static constexpr unsigned bits = 6;
  static constexpr unsigned slots = 1U << bits;
  static constexpr unsigned levels = 4;

  void place(timer& node) noexcept;
  void cascade(unsigned level) noexcept;
  [[nodiscard]] std::uint64_t tick_at(time_point at, bool round_up) const noexcept;

  struct level_slots {
    std::array<intrusive_list<timer>, slots> slot;
    std::uint64_t occupied = 0;  // a bit may be stale (set for an emptied slot), never missing
  };
  time_point start_;
  std::uint64_t now_ = 0;  // ticks since start_, everything up to here has fired
  std::size_t count_ = 0;
  std::array<level_slots, levels> level_;
};

inline timer::~timer() {
  if (linked()) wheel_->cancel(*this);
}

}  // namespace sluice::coro
