// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/waiter.hpp>

namespace sluice::coro {

bool waiter::suspend(std::coroutine_handle<> self, context& under, bool stoppable) noexcept {
  if (!under.scheduler().is_current()) {
    // Resuming through the scheduler would race with its own thread.
    stopped_ = stop_reason::local;
    return false;
  }
  stopped_ = stoppable ? under.stop().reason() : stop_reason::none;
  if (stopped_ != stop_reason::none) return false;
  handle_ = self;
  context_ = &under;
  waiting_ = true;
  if (stoppable) under.stop().observe(observer_);
  return true;
}

void waiter::wake() noexcept {
  if (!waiting_) return;
  waiting_ = false;
  observer_.unlink();
  context_->scheduler().ready(*this);
}

void waiter::run() noexcept { resume_under(*context_, handle_); }

void waiter::on_stop(stop_reason reason) noexcept {
  stopped_ = reason;
  abandoned();
  wake();
}

}  // namespace sluice::coro
