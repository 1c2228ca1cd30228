// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/clock.hpp>
#include <sluice/coro/executor.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace sluice::testing {

/// Time that stands still until the test moves it: for everything that waits on the executor's scheduler (sleep_for,
/// deadlines, backoff, keepalive). No test needs to sleep.
///
///   boost::asio::io_context io;
///   sluice::testing::manual_clock clock{io.get_executor()};
///   sluice::spawn(io, handler(), done);   // waits for an hour
///   io.poll();
///   clock.advance(1h);                    // and goes on here
///
/// A sleep on it is no work for the executor: io_context::run returns when nothing else is left.
///
/// Concurrency: made, used and destroyed on the executor, or while nothing runs there. One for each executor at a time.
/// Lifetime: the executor's context outlives it. Destroying it brings the real clock back; what waits then goes on
///   waiting for its point in time.
class manual_clock final : public clock_source {
 public:
  /// Starts at the executor's present.
  explicit manual_clock(boost::asio::any_io_executor const& executor)
      : scheduler_{coro::scheduler_of(executor)}, now_{scheduler_->now()} {
    scheduler_->use_clock(this);
  }
  manual_clock(manual_clock const&) = delete;
  manual_clock& operator=(manual_clock const&) = delete;
  ~manual_clock() { scheduler_->use_clock(nullptr); }

  [[nodiscard]] time_point now() const noexcept override { return now_; }

  /// Moves the time forward, from one timer to the next, and resumes at each what waits for it: a loop that sleeps for
  /// a second runs sixty times in a minute. Inside a task, what is due is resumed at the end of the turn, when all the
  /// time has passed. What the resumed tasks post to the executor is left for the executor to run.
  void advance(duration by) {
    time_point const target = now_ + by;
    for (auto next = scheduler_->timers().next_expiry(); next && *next <= target;
         next = scheduler_->timers().next_expiry())
      move_to(*next);
    move_to(target);
  }

 private:
  void move_to(time_point to) {
    now_ = to;
    scheduler_->clock_moved();
  }

  std::shared_ptr<coro::scheduler> scheduler_;
  time_point now_;
};

}  // namespace sluice::testing
