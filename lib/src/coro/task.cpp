// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/task.hpp>

namespace sluice::coro {
namespace {

// One hop between executors, made for it: resume_on is for heavy work, so an allocation does not count.
template <class Action>
class hop final : public ready_node {
 public:
  explicit hop(Action action) : action_{std::move(action)} {}
  void run() noexcept override {
    Action const action = std::move(action_);
    delete this;
    action();
  }

 private:
  Action action_;
};

template <class Action>
void post_home(scheduler& home, Action action) noexcept {
  home.post_remote(*new hop<Action>{std::move(action)});
}

}  // namespace

std::coroutine_handle<> go_home(scheduler& home, std::coroutine_handle<> next) noexcept {
  post_home(home, [next] { next.resume(); });
  return std::noop_coroutine();
}

void complete_at_home(scheduler& home, completion& done) noexcept {
  post_home(home, [&done] { done.completed(); });
}

}  // namespace sluice::coro
