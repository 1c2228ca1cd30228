// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/awaitable.hpp>
#include <sluice/coro/outcome.hpp>

#include <cassert>
#include <concepts>
#include <coroutine>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace sluice {

template <class T>
class task;

namespace coro {

/// Told when a task that nobody awaits (the top of a tree) has ended.
class completion {
 public:
  /// May destroy the task. Runs on the task's scheduler, inside a turn.
  virtual void completed() noexcept = 0;

 protected:
  ~completion() = default;
};

/// The way home of a coroutine that stands on another executor (resume_on): its awaiter goes on at home, in a turn.
/// Kept in the frame of the coroutine, so that it goes with its tree when the executor's context goes away first.
class way_home {
 public:
  way_home() noexcept = default;
  /// Resumes `next` under `home` there; returns what to resume here.
  [[nodiscard]] std::coroutine_handle<> resume(context& home, std::coroutine_handle<> next) noexcept;
  void complete(context& home, completion& done) noexcept;

 private:
  struct hop;
  struct deleter {
    void operator()(hop* what) const noexcept;
  };
  void post(context& home, hop* what) noexcept;
  std::unique_ptr<hop, deleter> hop_;
};

/// What the promises of all tasks have: whoever awaits, and the way back there.
class task_end : public promise_base {
 public:
  std::suspend_always initial_suspend() const noexcept { return {}; }

  struct final_awaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
      return self.promise().leave();
    }
    void await_resume() const noexcept {}
  };
  [[nodiscard]] final_awaiter final_suspend() const noexcept { return {}; }

  std::coroutine_handle<> continuation_;
  completion* done_ = nullptr;

 private:
  /// The body has ended: what goes on here. Whoever is told may destroy the frame.
  [[nodiscard]] std::coroutine_handle<> leave() noexcept;
  way_home way_home_;
};

template <class T>
class task_promise_base : public task_end {
 public:
  void unhandled_exception() noexcept { outcome_.fail_with_current(); }
  outcome<T> outcome_;
};

inline constexpr char const* empty_task_message = "an empty or moved-from task is awaited";

template <class T>
class task_promise final : public task_promise_base<T> {
 public:
  task<T> get_return_object() noexcept;
  /// co_return value;  or co_return status{code::not_found, "..."};  which fails the task without a throw.
  template <class U = T>
    requires std::convertible_to<U, T>
  void return_value(U&& value) {
    this->outcome_.emplace(std::forward<U>(value));
  }
  void return_value(status why) noexcept
    requires(!std::same_as<std::remove_cvref_t<T>, status>)
  {
    if (why.ok()) why = status{code::internal, "a task that owes a value returned an ok status"};
    this->outcome_.fail(std::move(why));
  }
};

template <>
class task_promise<void> final : public task_promise_base<void> {
 public:
  task<void> get_return_object() noexcept;
  void return_void() noexcept { outcome_.emplace(); }
};

}  // namespace coro

/// A lazy coroutine that ends with one T, a status, or an exception.
///
///   sluice::task<Feature> find(Point point) {
///     if (!known(point)) co_return sluice::status{sluice::code::not_found, "no feature here"};
///     co_return co_await database.get(point);
///   }
///
/// Completes with: the value of co_return, when awaited (or given a completion token: see operator()).
/// Fails with: status_error for co_return status{...}; any exception that leaves the body.
/// Cancellation: by the stop of the context that it inherits from whoever awaits it; what it awaits is stopped, then the
///   task unwinds and completes. Nothing is torn down while an operation uses it.
/// Concurrency: runs on its awaiter's executor; awaited once.
/// Lifetime: owns its frame. Nothing runs before it is awaited; destroying a task that never ran is free.
template <class T = void>
class [[nodiscard]] task {
 public:
  using promise_type = coro::task_promise<T>;
  using value_type = T;

  task() noexcept = default;
  task(task&& other) noexcept : frame_{std::exchange(other.frame_, {})} {}
  task& operator=(task&& other) noexcept {
    if (this != &other) {
      if (frame_) frame_.destroy();
      frame_ = std::exchange(other.frame_, {});
    }
    return *this;
  }
  ~task() {
    if (frame_) frame_.destroy();
  }

  /// Awaits the task: `co_await std::move(t)` or `co_await f()`.
  class awaiter {
   public:
    explicit awaiter(std::coroutine_handle<promise_type> frame) noexcept : frame_{frame} {}
    [[nodiscard]] bool await_ready() const noexcept { return !frame_; }  // an empty one fails in await_resume
    template <coro::has_context Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> parent) noexcept {
      frame_.promise().continuation_ = parent;
      frame_.promise().set_context(parent.promise().context());
      return frame_;
    }
    [[gnu::always_inline]] T await_resume() {  // see outcome::take
      if (!frame_) throw_misuse(coro::empty_task_message);
      return frame_.promise().outcome_.take();
    }
    auto await_result() -> decltype(std::declval<coro::outcome<T>&>().take_result()) {
      if (!frame_) return empty();
      return frame_.promise().outcome_.take_result();
    }

   private:
    std::coroutine_handle<promise_type> frame_;
  };
  [[nodiscard]] awaiter operator co_await() && noexcept { return awaiter{frame_}; }

  /// The task as an Asio asynchronous operation of signature void(std::exception_ptr, T), for any completion token:
  ///   task()(asio::use_awaitable);   task()([](std::exception_ptr error, T value) { ... });
  /// It runs on the token's associated executor, which must be serial. The token's cancellation slot stops it.
  /// Needs <sluice/coro/asio.hpp>.
  template <class Token>
  auto operator()(Token&& token) &&;

  /// For the engine: the task as the top of a tree.
  [[nodiscard]] bool valid() const noexcept { return static_cast<bool>(frame_); }
  void start(coro::context& context, coro::completion& done) {
    frame_.promise().set_context(&context);
    frame_.promise().done_ = &done;
    coro::resume_under(context, frame_);
  }
  [[nodiscard]] coro::outcome<T>& outcome() noexcept { return frame_.promise().outcome_; }
  [[nodiscard]] static status empty() { return status{code::failed_precondition, coro::empty_task_message}; }

 private:
  friend promise_type;
  explicit task(std::coroutine_handle<promise_type> frame) noexcept : frame_{frame} {}
  std::coroutine_handle<promise_type> frame_;
};

template <class T>
task<T> coro::task_promise<T>::get_return_object() noexcept {
  return task<T>{std::coroutine_handle<task_promise>::from_promise(*this)};
}
inline task<void> coro::task_promise<void>::get_return_object() noexcept {
  return task<void>{std::coroutine_handle<task_promise>::from_promise(*this)};
}

/// `co_await as_result(call)`: the value or the status, instead of a thrown status_error. Exceptions of other types are
/// still thrown.
template <coro::awaitable A>
class [[nodiscard]] as_result {
 public:
  explicit as_result(A&& awaitable) : awaitable_{std::forward<A>(awaitable)} {}

  class awaiter {
   public:
    using inner = coro::awaiter_of<A>;
    explicit awaiter(A&& awaitable) : inner_{coro::get_awaiter(std::forward<A>(awaitable))} {}
    // What refuses to be awaited (a second read at once) throws before it suspends.
    [[nodiscard]] bool await_ready() {
      try {
        return inner_.await_ready();
      } catch (status_error const& error) {
        refused_ = error.status();
        return true;
      }
    }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) {
      using suspension = decltype(inner_.await_suspend(self));
      try {
        if constexpr (std::is_void_v<suspension>) inner_.await_suspend(self);
        else if constexpr (std::same_as<suspension, bool>)
          return inner_.await_suspend(self) ? std::coroutine_handle<>{std::noop_coroutine()} : self;
        else return inner_.await_suspend(self);
      } catch (status_error const& error) {
        refused_ = error.status();
        return self;
      }
      return std::noop_coroutine();
    }
    auto await_resume() {
      if constexpr (requires { inner_.await_result(); }) {
        using outcome = decltype(inner_.await_result());
        return refused_.ok() ? inner_.await_result() : outcome{refused_};
      } else {
        using value = decltype(inner_.await_resume());
        using outcome = result<std::remove_cvref_t<value>>;
        if (!refused_.ok()) return outcome{refused_};
        try {
          if constexpr (std::is_void_v<value>) {
            inner_.await_resume();
            return outcome{};
          } else {
            return outcome{inner_.await_resume()};
          }
        } catch (status_error const& error) { return outcome{error.status()}; }
      }
    }

   private:
    inner inner_;
    status refused_;
  };
  [[nodiscard]] awaiter operator co_await() && { return awaiter{std::forward<A>(awaitable_)}; }

 private:
  A awaitable_;
};
template <class A>
as_result(A&&) -> as_result<A>;

}  // namespace sluice
