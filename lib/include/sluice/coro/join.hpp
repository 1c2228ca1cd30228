// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/awaitable.hpp>
#include <sluice/coro/frame_pool.hpp>
#include <sluice/coro/outcome.hpp>
#include <sluice/coro/task.hpp>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

namespace sluice::coro {

/// Whoever waits for a group of children.
class joiner {
 public:
  /// A child ended; it is destroyed by whoever owns it, not before this returns.
  virtual void child_ended(std::size_t index) noexcept = 0;

 protected:
  ~joiner() = default;
};

/// A coroutine that runs one awaitable of a group under the group's context and tells the joiner when it has ended.
class child {
 public:
  class promise_type final : public promise_base {
   public:
    child get_return_object() noexcept {
      return child{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    struct final_awaiter final : private completion {
      explicit final_awaiter(promise_type& self) noexcept : self_{self} {}
      [[nodiscard]] bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type>) noexcept {
        // Away when what it ran was itself a change of executor.
        if (self_.context()->scheduler().is_current()) completed();
        else way_home_.complete(*self_.context(), *this);
      }
      void await_resume() const noexcept {}

     private:
      void completed() noexcept override { self_.joiner_->child_ended(self_.index_); }
      promise_type& self_;
      way_home way_home_;
    };
    [[nodiscard]] final_awaiter final_suspend() noexcept { return final_awaiter{*this}; }
    void unhandled_exception() noexcept { std::terminate(); }  // run_child catches everything
    void return_void() const noexcept {}

   private:
    friend child;
    joiner* joiner_ = nullptr;
    std::size_t index_ = 0;
  };

  child() noexcept = default;
  child(child&& other) noexcept : frame_{std::exchange(other.frame_, {})} {}
  child& operator=(child&& other) noexcept {
    if (this == &other) return *this;
    if (frame_) frame_.destroy();
    frame_ = std::exchange(other.frame_, {});
    return *this;
  }
  ~child() {
    if (frame_) frame_.destroy();
  }
  /// Runs it to its first suspension, under `under`.
  void start(context& under, joiner& parent, std::size_t index) {
    frame_.promise().set_context(&under);
    frame_.promise().joiner_ = &parent;
    frame_.promise().index_ = index;
    resume_under(under, frame_);
  }

 private:
  explicit child(std::coroutine_handle<promise_type> frame) noexcept : frame_{frame} {}
  std::coroutine_handle<promise_type> frame_;
};

template <class A>
using group_value =
    std::remove_cvref_t<std::conditional_t<std::is_void_v<await_result_of<A>>, unit, await_result_of<A>>>;

/// The body of a child: awaits, and keeps the outcome. `into` outlives the child.
template <class A, class T>
child run_child(A awaitable, outcome<T>& into) {
  try {
    if constexpr (std::is_void_v<await_result_of<A>>) {
      co_await std::move(awaitable);
      into.emplace();
    } else {
      into.emplace(co_await std::move(awaitable));
    }
  } catch (...) { into.fail_with_current(); }
}

/// An awaitable that runs by itself: a task as it stands, anything else inside a coroutine of its own.
template <class A>
class runnable final : private joiner {
 public:
  explicit runnable(A&& awaitable) : child_{run_child(std::move(awaitable), outcome_)} {}
  void start(context& under, completion& done) {
    done_ = &done;
    child_.start(under, *this, 0);
  }
  /// What it failed with; null when it did not.
  [[nodiscard]] std::exception_ptr error() const noexcept { return outcome_.error(); }

 private:
  void child_ended(std::size_t) noexcept override { done_->completed(); }
  completion* done_ = nullptr;
  outcome<group_value<A>> outcome_;
  child child_;
};

template <class T>
class runnable<task<T>> final {
 public:
  explicit runnable(task<T>&& work) noexcept : task_{std::move(work)} {}
  void start(context& under, completion& done) {
    if (task_.valid()) task_.start(under, done);
    else done.completed();
  }
  [[nodiscard]] std::exception_ptr error() noexcept {
    return task_.valid() ? task_.outcome().error() : std::make_exception_ptr(status_error{task<T>::empty()});
  }

 private:
  task<T> task_;
};

}  // namespace sluice::coro
