// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/context.hpp>

#include <coroutine>

namespace sluice::coro {

/// A suspended coroutine that waits for one thing: base of the awaiters of event, queue, sleep and streams.
///
/// It is resumed once, through the ready queue, by whichever comes first: `wake` or the stop of its context.
class waiter : public ready_node {
 public:
  /// From await_suspend. False when the context is stopped already: do not suspend.
  template <has_context Promise>
  [[nodiscard]] bool suspend(std::coroutine_handle<Promise> self) noexcept {
    return suspend(self, *self.promise().context());
  }
  /// `stoppable` false: only `wake` resumes it.
  [[nodiscard]] bool suspend(std::coroutine_handle<> self, context& under, bool stoppable = true) noexcept;

  /// Queues the coroutine. Later calls do nothing.
  void wake() noexcept;
  [[nodiscard]] bool waiting() const noexcept { return waiting_; }

  /// Why it was woken, when that was a stop.
  [[nodiscard]] stop_reason stopped() const noexcept { return stopped_; }
  [[gnu::always_inline]] void throw_if_stopped() const {  // see outcome::take
    if (stopped_ != stop_reason::none) throw status_error{to_status(stopped_)};
  }

 protected:
  waiter() noexcept : observer_{*this} {}
  ~waiter() = default;
  /// The context was stopped: leave whatever list of waiters this is in. `wake` follows.
  virtual void abandoned() noexcept {}
  [[nodiscard]] context& under() const noexcept { return *context_; }

 private:
  struct observer final : stop_observer {
    explicit observer(waiter& self) noexcept : self_{self} {}
    void stop_requested(stop_reason reason) noexcept override { self_.on_stop(reason); }
    waiter& self_;
  };
  void run() noexcept final;
  void on_stop(stop_reason reason) noexcept;

  std::coroutine_handle<> handle_;
  context* context_ = nullptr;
  observer observer_;
  stop_reason stopped_ = stop_reason::none;
  bool waiting_ = false;
};

}  // namespace sluice::coro
