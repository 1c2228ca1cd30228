// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/event.hpp>
#include <sluice/coro/join.hpp>
#include <sluice/coro/task.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <utility>

namespace sluice {

/// Owns tasks that run beside the one that made it.
///
///   sluice::scope work;                 // inside a task: inherits its deadline, stop and call
///   work.spawn(audit(request));
///   co_await work.join();
///
/// Completes: `join` when every spawned task has ended.
/// Fails with: `join` the first failure of a task, which also stops the others; the stop's status when the joiner is
///   stopped (the tasks were stopped with it, and have ended).
/// Cancellation: request_stop stops the tasks; so does the parent's stop, and the destruction of the scope.
/// Concurrency: one strand.
/// Lifetime: join before it goes. A scope that is destroyed unjoined requests stop; its tasks end by themselves and must
///   not use what the scope's owner took with it.
class scope {
 public:
  /// Inside a coroutine. Throws status_error FAILED_PRECONDITION elsewhere.
  scope() : scope{parent_of_this_place()} {}
  explicit scope(coro::context& parent) : state_{std::make_shared<state>(parent)} {}
  scope(scope const&) = delete;
  scope& operator=(scope const&) = delete;
  ~scope() {
    if (state_->live != 0) state_->under.stop().request_stop(stop_reason::local);
    state_->under.orphan();
  }

  /// Starts `awaitable` (a task<void>, a call whose result nobody wants, ...), to its first suspension; from outside the
  /// scheduler's turns (on its strand), in the next turn.
  template <coro::awaitable A>
  void spawn(A awaitable) {
    auto node = std::make_unique<running<A>>(state_, std::move(awaitable));
    node.release()->start();
  }

  void request_stop(stop_reason reason = stop_reason::local) noexcept {
    state_->under.stop().request_stop(reason);
  }
  [[nodiscard]] std::size_t size() const noexcept { return state_->live; }

  /// Awaits the end of every task; after it, more may be spawned and joined again.
  [[nodiscard]] task<void> join() { return join_all(state_); }

 private:
  struct state {
    explicit state(coro::context& parent) : where{parent.scheduler().shared_from_this()}, under{parent} {}
    std::shared_ptr<coro::scheduler> where;  // tasks may outlive the tree that the scope was in
    coro::context under;
    std::size_t live = 0;
    std::exception_ptr failure;
    event idle;  // set whenever live is zero and somebody waits
  };

  // Owns itself while it runs: the scope's owner may be gone. A root: nobody else drops it with the executor's context.
  template <class A>
  struct running final : coro::root, coro::completion, coro::ready_node, coro::pooled {
    running(std::shared_ptr<state> of, A&& awaitable) : state_{std::move(of)}, work_{std::move(awaitable)} {}
    void start() {
      ++state_->live;
      state_->where->adopt(*this);
      if (state_->where->is_current()) run();
      else state_->where->ready(*this);
    }
    void completed() noexcept override { state_->where->ready(*this); }
    void abandon() noexcept override {
      auto const keep = state_;
      --keep->live;
      delete this;
    }
    // Twice: it starts, and it has ended.
    void run() noexcept override {
      if (!std::exchange(started_, true)) {
        work_.start(state_->under, *this);
        return;
      }
      auto const keep = state_;
      if (auto error = work_.error()) {
        if (!keep->failure && !keep->under.stop().stop_requested()) keep->failure = error;
        keep->under.stop().request_stop(stop_reason::local);
      }
      delete this;
      if (--keep->live == 0) keep->idle.set();
    }
    std::shared_ptr<state> state_;
    coro::runnable<A> work_;
    bool started_ = false;
  };

  static coro::context& parent_of_this_place() {
    if (auto* const here = coro::current_context()) return *here;
    throw_misuse("a scope is made outside a task");
  }
  static task<void> join_all(std::shared_ptr<state> all);

  std::shared_ptr<state> state_;
};

}  // namespace sluice
