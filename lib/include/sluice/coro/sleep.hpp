// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/waiter.hpp>

namespace sluice {

/// `co_await sleep_for(200ms)`, `co_await sleep_until(time)`: on the scheduler's timer wheel; no system call, no
/// allocation, and it follows testing::manual_clock.
///
/// Completes: at or up to 1 ms after the time. Fails with: the stop's status, at once.
class [[nodiscard]] sleep_until {
 public:
  explicit sleep_until(time_point at) noexcept : at_{at} {}

  class awaiter final : private coro::waiter, private coro::timer {
   public:
    explicit awaiter(time_point at) noexcept : at_{at} {}
    /// Counts from the moment of suspension.
    [[nodiscard]] static awaiter after(duration time) noexcept { return awaiter{time_point{}, time}; }
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <coro::has_context Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
      return start(self, *self.promise().context());
    }
    void await_resume() const { throw_if_stopped(); }

   private:
    awaiter(time_point at, duration time) noexcept : at_{at}, for_{time} {}
    bool start(std::coroutine_handle<> self, coro::context& context) noexcept;
    void expired() noexcept override;
    void abandoned() noexcept override;
    time_point at_;
    duration for_ = duration::min();
  };
  [[nodiscard]] awaiter operator co_await() const noexcept { return awaiter{at_}; }

 private:
  time_point at_;
};

class [[nodiscard]] sleep_for {
 public:
  explicit sleep_for(duration time) noexcept : for_{time} {}
  [[nodiscard]] sleep_until::awaiter operator co_await() const noexcept;

 private:
  duration for_;
};

/// Gives way to everything else that is ready in this turn.
class [[nodiscard]] yield_turn {
 public:
  class awaiter final : private coro::waiter {
   public:
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <coro::has_context Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
      if (!suspend(self)) return false;
      wake();
      return true;
    }
    void await_resume() const { throw_if_stopped(); }
  };
  [[nodiscard]] awaiter operator co_await() const noexcept { return {}; }
};

}  // namespace sluice
