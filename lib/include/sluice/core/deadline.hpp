// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <compare>

namespace sluice {

/// The clock of every deadline and timer. In tests its readings come from testing::manual_clock.
using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

/// A point in time after which nobody waits any more, or never (the default).
class deadline {
 public:
  constexpr deadline() noexcept = default;
  constexpr explicit deadline(time_point at) noexcept : at_{at} {}

  [[nodiscard]] static constexpr deadline never() noexcept { return {}; }
  /// `now` + `timeout`; saturates at never instead of overflowing, and a negative timeout has already passed.
  [[nodiscard]] static constexpr deadline after(time_point now, duration timeout) noexcept {
    if (timeout > duration::zero() && now > time_point::max() - timeout) return never();
    if (timeout < duration::zero()) return deadline{now};
    return deadline{now + timeout};
  }

  [[nodiscard]] constexpr bool is_never() const noexcept { return at_ == time_point::max(); }
  [[nodiscard]] constexpr time_point at() const noexcept { return at_; }
  [[nodiscard]] constexpr bool passed(time_point now) const noexcept { return !is_never() && now >= at_; }
  /// Zero once it has passed; duration::max() for never.
  [[nodiscard]] constexpr duration remaining(time_point now) const noexcept {
    if (is_never()) return duration::max();
    return now >= at_ ? duration::zero() : at_ - now;
  }

  // Over the ticks: the clock's own three-way comparison costs every file that includes this 50 ms.
  friend constexpr bool operator==(deadline a, deadline b) noexcept { return a.ticks() == b.ticks(); }
  friend constexpr std::strong_ordering operator<=>(deadline a, deadline b) noexcept {
    return a.ticks() <=> b.ticks();
  }

 private:
  [[nodiscard]] constexpr duration::rep ticks() const noexcept { return at_.time_since_epoch().count(); }
  time_point at_ = time_point::max();
};

/// A child can only be stricter than its parent.
[[nodiscard]] constexpr deadline stricter(deadline a, deadline b) noexcept { return a < b ? a : b; }

}  // namespace sluice
