// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/result.hpp>
#include <sluice/core/status.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace sluice::coro {

struct unit {};

enum class ended_with : std::uint8_t { nothing, value, status, exception };

/// What an outcome of any type has in place of a value; `ended_with` says which.
union failure {
  failure() noexcept {}
  ~failure() {}
  sluice::status why;
  std::exception_ptr thrown;

  void take_over(failure& other, ended_with kind) noexcept;
  /// Becomes the exception that is being handled.
  void hold_current() noexcept;
  void destroy(ended_with kind) noexcept;
  /// The status; an exception that is no status_error is rethrown.
  [[nodiscard]] sluice::status as_status(ended_with kind);
  [[nodiscard]] std::exception_ptr as_exception(ended_with kind) const noexcept;
};

/// How a coroutine ended: with a value, a status (co_return status{...}: no exception is thrown on the way), or an
/// exception. References are kept as pointers, void as unit.
///
/// No std::variant: each user's file that has a coroutine instantiates this, and what does not depend on T is compiled in
/// the library.
template <class T>
class outcome {
 public:
  using stored = std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*,
                                    std::conditional_t<std::is_void_v<T>, unit, T>>;

  outcome() noexcept {}
  outcome(outcome&& other) noexcept(std::is_nothrow_move_constructible_v<stored>) { take_over(other); }
  outcome& operator=(outcome&& other) noexcept(std::is_nothrow_move_constructible_v<stored>) {
    if (this == &other) return *this;
    reset();
    take_over(other);
    return *this;
  }
  ~outcome() { reset(); }

  [[nodiscard]] ended_with kind() const noexcept { return kind_; }
  [[nodiscard]] bool empty() const noexcept { return kind_ == ended_with::nothing; }
  [[nodiscard]] bool has_value() const noexcept { return kind_ == ended_with::value; }

  template <class... Args>
  void emplace(Args&&... args) {
    reset();
    if constexpr (std::is_reference_v<T>) std::construct_at(&value_, std::addressof(args)...);
    else std::construct_at(&value_, std::forward<Args>(args)...);
    kind_ = ended_with::value;
  }
  void fail(status why) noexcept {
    reset();
    std::construct_at(&failure_.why, std::move(why));
    kind_ = ended_with::status;
  }
  void fail(std::exception_ptr why) noexcept {
    reset();
    std::construct_at(&failure_.thrown, std::move(why));
    kind_ = ended_with::exception;
  }

  /// Inside a handler of exceptions: with what that handles.
  void fail_with_current() noexcept {
    reset();
    failure_.hold_current();
    kind_ = ended_with::exception;
  }

  /// Precondition: has_value().
  [[nodiscard]] stored& stored_value() noexcept { return value_; }

  /// Nothing in it is alive unless `kind` is a status or an exception.
  [[nodiscard]] failure const& stored_failure() const noexcept { return failure_; }

  /// The value, or throws what it failed with. Inlined, as each frame that an exception passes costs some 3000
  /// instructions: it is thrown in the coroutine that awaits.
  [[gnu::always_inline]] T take() {
    if (kind_ == ended_with::status) throw status_error{std::move(failure_.why)};
    if (kind_ == ended_with::exception) std::rethrow_exception(std::move(failure_.thrown));
    if constexpr (std::is_reference_v<T>) return static_cast<T>(*value_);
    else if constexpr (!std::is_void_v<T>) return std::move(value_);
  }
  /// The value or a status; exceptions that are no status_error are rethrown.
  auto take_result() -> result<std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*, T>> {
    if (kind_ >= ended_with::status) return failure_.as_status(kind_);
    if constexpr (std::is_void_v<T>) return {};
    else return std::move(value_);
  }
  /// What it failed with, as an exception; null when it has a value.
  [[nodiscard]] std::exception_ptr error() const noexcept {
    return kind_ >= ended_with::status ? failure_.as_exception(kind_) : nullptr;
  }
  /// The status when it failed with one, without an exception in between; null otherwise.
  [[nodiscard]] status const* failed_status() const noexcept {
    return kind_ == ended_with::status ? &failure_.why : nullptr;
  }

 private:
  void reset() noexcept {
    if (kind_ == ended_with::value) std::destroy_at(&value_);
    else if (kind_ != ended_with::nothing) failure_.destroy(kind_);
    kind_ = ended_with::nothing;
  }
  // The other one keeps what is left of a moved value.
  void take_over(outcome& other) {
    if (other.kind_ == ended_with::value) std::construct_at(&value_, std::move(other.value_));
    else if (other.kind_ != ended_with::nothing) failure_.take_over(other.failure_, other.kind_);
    kind_ = other.kind_;
  }

  union {
    stored value_;
    failure failure_;
  };
  ended_with kind_ = ended_with::nothing;
};

}  // namespace sluice::coro
