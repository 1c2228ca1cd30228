// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>
#include <sluice/core/trace_context.hpp>
#include <sluice/coro/intrusive_list.hpp>
#include <sluice/coro/scheduler.hpp>
#include <sluice/coro/stop.hpp>

#include <concepts>
#include <coroutine>

namespace sluice {

class server_call;

namespace coro {

/// What a coroutine inherits from whoever awaits it: where it runs, until when, and what stops it.
///
/// Every task and generator has a pointer to one in its promise, handed down at co_await. A child context (a sibling
/// group of when_all, a scope, an outgoing call) is linked to its parent: it can only be stricter.
///
/// Concurrency: one strand. Lifetime: outlives the coroutines that run under it. A child may outlive its parent; it has
/// no call and no trace from then on.
class context : public list_hook<struct child_contexts> {
 public:
  explicit context(coro::scheduler& where) noexcept : scheduler_{&where} {}
  /// A child: stopped when the parent is.
  explicit context(context& parent) noexcept
      : scheduler_{parent.scheduler_}, deadline_{parent.deadline_}, call_{parent.call_},
        trace_{parent.trace_} {
    stop_.follow(parent.stop_.token());
    if (call_ != nullptr || trace_ != nullptr) parent.borrowers_.push_back(*this);
  }
  ~context() { forget_call(); }
  context(context const&) = delete;
  context& operator=(context const&) = delete;

  [[nodiscard]] coro::scheduler& scheduler() const noexcept { return *scheduler_; }
  [[nodiscard]] stop_source& stop() noexcept { return stop_; }
  [[nodiscard]] stop_token token() noexcept { return stop_.token(); }
  [[nodiscard]] sluice::deadline deadline() const noexcept { return deadline_; }
  void set_deadline(sluice::deadline until) noexcept { deadline_ = stricter(deadline_, until); }
  [[nodiscard]] server_call* call() const noexcept { return call_; }
  void set_call(server_call* call) noexcept { call_ = call; }
  [[nodiscard]] trace_context const* trace() const noexcept { return trace_; }
  void set_trace(trace_context const* trace) noexcept { trace_ = trace; }

  /// Cuts the link to the parent, which is about to go; this context and its children live on by themselves.
  void orphan() noexcept {
    stop_.leave_parent();
    list_hook::unlink();
    forget_call();
  }

 private:
  void forget_call() noexcept {
    call_ = nullptr;
    trace_ = nullptr;
    while (!borrowers_.empty()) borrowers_.pop_front().forget_call();
  }

  coro::scheduler* scheduler_;
  child_stop_source stop_;
  sluice::deadline deadline_;
  server_call* call_ = nullptr;
  trace_context const* trace_ = nullptr;
  intrusive_list<context, child_contexts> borrowers_;  // the children that have our call or trace
};

/// Runs a coroutine until it suspends, with `under` as this thread's current context.
inline void resume_under(context& under, std::coroutine_handle<> handle) {
  context* const caller = current_context();
  set_current_context(&under);
  handle.resume();
  set_current_context(caller);
}

/// A promise of ours: it knows its context.
template <class Promise>
concept has_context = requires(Promise& promise) {
  { promise.context() } -> std::same_as<context*>;
};

/// `co_await coro::get_context{}`: the context of the awaiting coroutine; never suspends.
struct get_context {
  context* found = nullptr;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <has_context Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    found = self.promise().context();
    return false;
  }
  [[nodiscard]] context& await_resume() const noexcept { return *found; }
};

}  // namespace coro

/// `co_await sluice::this_call`: the call that the running handler serves, from any depth of tasks below the handler.
/// Fails with FAILED_PRECONDITION outside a handler. Never suspends. Lifetime: until the handler has ended.
struct this_call_t {
  struct awaiter : coro::get_context {
    [[nodiscard]] server_call& await_resume() const {
      if (found->call() == nullptr) throw_misuse("this_call is awaited outside a handler");
      return *found->call();
    }
  };
  [[nodiscard]] awaiter operator co_await() const noexcept { return {}; }
};
inline constexpr this_call_t this_call{};

/// `co_await sluice::this_stop`: the stop_token of the awaiting coroutine, for loops and for code that is no coroutine.
struct this_stop_t {
  struct awaiter : coro::get_context {
    [[nodiscard]] stop_token await_resume() const noexcept { return found->token(); }
  };
  [[nodiscard]] awaiter operator co_await() const noexcept { return {}; }
};
inline constexpr this_stop_t this_stop{};

/// `co_await sluice::this_deadline`: the deadline under which the awaiting coroutine runs; never when there is none.
struct this_deadline_t {
  struct awaiter : coro::get_context {
    [[nodiscard]] deadline await_resume() const noexcept { return found->deadline(); }
  };
  [[nodiscard]] awaiter operator co_await() const noexcept { return {}; }
};
inline constexpr this_deadline_t this_deadline{};

}  // namespace sluice
