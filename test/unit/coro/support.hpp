// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/asio.hpp>
#include <sluice/coro/task.hpp>

#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace sluice::test {

/// g++ makes no tail calls from functions that its sanitizers instrument: there symmetric transfer grows the stack, and
/// a long loop that never suspends needs a shorter one.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool no_tail_calls = true;
#else
inline constexpr bool no_tail_calls = false;
#endif

/// Counts what is made and destroyed.
struct balance {
  int live = 0;
  int made = 0;
  int copied = 0;
};

/// A value whose every copy is counted.
class tracked {
 public:
  explicit tracked(balance& of, int value = 0) : of_{&of}, value_{value} { count(); }
  tracked(tracked const& other) : of_{other.of_}, value_{other.value_} {
    count();
    ++of_->copied;
  }
  tracked(tracked&& other) noexcept : of_{other.of_}, value_{std::exchange(other.value_, -1)} { count(); }
  tracked& operator=(tracked const& other) {
    value_ = other.value_;
    ++of_->copied;
    return *this;
  }
  tracked& operator=(tracked&& other) noexcept {
    value_ = std::exchange(other.value_, -1);
    return *this;
  }
  ~tracked() { --of_->live; }
  [[nodiscard]] int value() const noexcept { return value_; }

 private:
  void count() {
    ++of_->live;
    ++of_->made;
  }
  balance* of_;
  int value_;
};

/// Counts like tracked, and cannot be copied.
class move_only {
 public:
  explicit move_only(balance& of, int value = 0) : inner_{of, value} {}
  move_only(move_only&&) noexcept = default;
  move_only& operator=(move_only&&) noexcept = default;
  [[nodiscard]] int value() const noexcept { return inner_.value(); }

 private:
  tracked inner_;
};

/// The code of the status_error that `action` throws; ok when it throws nothing.
template <class Action>
code code_of(Action&& action) {
  try {
    std::forward<Action>(action)();
  } catch (status_error const& error) { return error.code(); }
  return code::ok;
}

/// The same for a finished operation's exception.
inline code code_of_error(std::exception_ptr const& error) {
  return code_of([&] {
    if (error) std::rethrow_exception(error);
  });
}

/// A task that runs beside the test: started at once, polled to its first waits.
class background {
 public:
  template <class A>
  background(asio::io_context& io, A awaitable) {
    sluice::spawn(io, std::move(awaitable), [this](std::exception_ptr error, auto&&...) {
      error_ = error;
      done_ = true;
    });
    io.restart();
    io.poll();
  }
  background(background const&) = delete;
  background& operator=(background const&) = delete;

  [[nodiscard]] bool done() const noexcept { return done_; }
  [[nodiscard]] code failed_with() const { return code_of_error(error_); }
  [[nodiscard]] std::exception_ptr error() const noexcept { return error_; }

 private:
  bool done_ = false;
  std::exception_ptr error_;
};

inline void poll(asio::io_context& io) {
  io.restart();
  io.poll();
}

}  // namespace sluice::test
