// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/sleep.hpp>

namespace sluice {

bool sleep_until::awaiter::start(std::coroutine_handle<> self, coro::context& context) noexcept {
  if (!suspend(self, context)) return false;  // away from home not even the clock may be read
  if (for_ != duration::min()) at_ = deadline::after(context.scheduler().now(), for_).at();
  context.scheduler().start_timer(*this, at_);
  return true;
}

void sleep_until::awaiter::expired() noexcept { wake(); }

void sleep_until::awaiter::abandoned() noexcept { under().scheduler().timers().cancel(*this); }

sleep_until::awaiter sleep_for::operator co_await() const noexcept {
  return sleep_until::awaiter::after(for_);
}

}  // namespace sluice
