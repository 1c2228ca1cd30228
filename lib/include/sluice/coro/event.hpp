// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/waiter.hpp>

namespace sluice {
namespace coro {
struct event_waiters;
}

/// Something that happens, and tasks that wait for it. Stays set until `reset`.
///
/// Concurrency: one strand, no locks. `set` never runs a waiter: they are resumed in the current turn, after the caller.
/// Lifetime: outlives its waiters.
class event {
 public:
  event() noexcept = default;
  event(event const&) = delete;
  event& operator=(event const&) = delete;

  void set() noexcept {
    set_ = true;
    while (!waiters_.empty()) waiters_.pop_front().wake();
  }
  void reset() noexcept { set_ = false; }
  [[nodiscard]] bool is_set() const noexcept { return set_; }

  class awaiter final : private coro::waiter, private coro::list_hook<coro::event_waiters> {
   public:
    awaiter(event& what, bool stoppable) noexcept : event_{what}, stoppable_{stoppable} {}
    [[nodiscard]] bool await_ready() const noexcept { return event_.set_; }
    template <coro::has_context Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
      if (!suspend(self, *self.promise().context(), stoppable_)) return false;
      event_.waiters_.push_back(*this);
      return true;
    }
    void await_resume() const { throw_if_stopped(); }

   private:
    friend class event;
    friend class coro::intrusive_list<awaiter, coro::event_waiters>;
    void abandoned() noexcept override { coro::list_hook<coro::event_waiters>::unlink(); }
    event& event_;
    bool stoppable_;
  };

  class [[nodiscard]] wait_operation {
   public:
    wait_operation(event& what, bool stoppable) noexcept : event_{&what}, stoppable_{stoppable} {}
    [[nodiscard]] awaiter operator co_await() const noexcept { return awaiter{*event_, stoppable_}; }

   private:
    event* event_;
    bool stoppable_;
  };

  /// `co_await e.wait()`. Completes: when the event is set, at once if it is. Fails with: the stop's status.
  wait_operation wait() noexcept { return {*this, true}; }
  /// For joins, which must not end before what they join: a stop does not interrupt the wait.
  wait_operation wait_unstoppably() noexcept { return {*this, false}; }

 private:
  coro::intrusive_list<awaiter, coro::event_waiters> waiters_;
  bool set_ = false;
};

}  // namespace sluice
