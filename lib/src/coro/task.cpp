// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/task.hpp>

namespace sluice::coro {

// Made for the hop: resume_on is for heavy work, so an allocation does not count, and frames stay small.
struct way_home::hop final : ready_node {
  hop(context& home, std::coroutine_handle<> to, completion* ended) noexcept
      : under{home}, next{to}, done{ended} {}
  void run() noexcept override {
    if (done != nullptr) done->completed();
    else resume_under(under, next);  // may destroy the frame that holds this
  }
  context& under;
  std::coroutine_handle<> next;
  completion* done;
};

void way_home::deleter::operator()(hop* what) const noexcept { delete what; }

void way_home::post(context& home, hop* what) noexcept {
  // Once it is posted the frame may be gone: nothing of this object is touched after that.
  hop_.reset(what);
  home.scheduler().post_remote(*what);
}

std::coroutine_handle<> way_home::resume(context& home, std::coroutine_handle<> next) noexcept {
  post(home, new hop{home, next, nullptr});
  return std::noop_coroutine();
}

void way_home::complete(context& home, completion& done) noexcept { post(home, new hop{home, {}, &done}); }

std::coroutine_handle<> task_end::leave() noexcept {
  bool const at_home = context()->scheduler().is_current();
  if (continuation_) {
    if (at_home) [[likely]]
      return continuation_;
    return way_home_.resume(*context(), continuation_);
  }
  if (at_home) [[likely]]
    done_->completed();
  else way_home_.complete(*context(), *done_);
  return std::noop_coroutine();
}

}  // namespace sluice::coro
