// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/context.hpp>
#include <sluice/coro/executor.hpp>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <concepts>
#include <coroutine>
#include <utility>

namespace sluice {

/// `co_await resume_on(pool)`: the task goes on on another executor, for work that would hold up the event loop. When it
/// ends, its awaiter goes on at home. Until then, or `co_await resume_home()`, it may compute, and await nothing else.
///
/// Fails with: never. What else is awaited there, and would have to wait, fails: a sleep or an event with CANCELLED;
///   when_all, first_of, an Asio operation or a new scope with FAILED_PRECONDITION. That finds most mistakes and permits
///   none: what need not wait, such as a push to a queue with room, is done at once, and is a data race with home.
/// Cancellation: no stop reaches a task that is away; its next wait at home finds it.
/// Concurrency: events, queues, scopes, stop tokens and calls belong to home's thread.
/// Lifetime: a task that is away cannot be dropped. Before its server is destroyed it has ended (`shutdown`), and before
///   its io_context goes the pool is joined: its thread may hold on to the executor a little longer than the task runs.
///   A pool that is declared after the io_context is joined in time.
template <class Executor>
class [[nodiscard]] resume_on {
 public:
  explicit resume_on(Executor where) : where_{std::move(where)} {}
  template <std::derived_from<asio::execution_context> Context>
  explicit resume_on(Context& pool) : where_{pool.get_executor()} {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <coro::has_context Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    // The executor of home stays busy meanwhile, so that its run() does not return before the task is back.
    asio::post(where_, [self, home = self.promise().context()->scheduler().shared_from_this(),
                        work = asio::prefer(coro::executor_of(self.promise().context()->scheduler()),
                                            asio::execution::outstanding_work.tracked)] { self.resume(); });
  }
  void await_resume() const noexcept {}

 private:
  Executor where_;
};
template <std::derived_from<asio::execution_context> Context>
resume_on(Context&) -> resume_on<typename Context::executor_type>;

/// `co_await resume_home()`: back to the executor of the task's context. Does nothing there.
class [[nodiscard]] resume_home {
 public:
  class awaiter final : private coro::ready_node {
   public:
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <coro::has_context Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> self) {
      context_ = self.promise().context();
      if (context_->scheduler().is_current()) return false;
      self_ = self;
      context_->scheduler().post_remote(*this);
      return true;
    }
    void await_resume() const noexcept {}

   private:
    void run() noexcept override { coro::resume_under(*context_, self_); }
    coro::context* context_ = nullptr;
    std::coroutine_handle<> self_;
  };
  [[nodiscard]] awaiter operator co_await() const noexcept { return {}; }
};

}  // namespace sluice
