// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/scope.hpp>

namespace sluice {

task<void> scope::join_all(std::shared_ptr<state> all) {
  while (all->live != 0) {
    all->idle.reset();
    co_await all->idle.wait_unstoppably();
  }
  if (all->failure) std::rethrow_exception(std::exchange(all->failure, nullptr));
  stop_token const mine = co_await this_stop;
  mine.throw_if_stopped();
}

}  // namespace sluice
