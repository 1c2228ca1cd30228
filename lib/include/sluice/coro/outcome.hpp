// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/result.hpp>
#include <sluice/core/status.hpp>

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

namespace sluice::coro {

struct unit {};

/// How a coroutine ended: with a value, a status (co_return status{...}: no exception is thrown on the way), or an
/// exception. References are kept as pointers, void as unit.
template <class T>
class outcome {
 public:
  using stored = std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*,
                                    std::conditional_t<std::is_void_v<T>, unit, T>>;

  [[nodiscard]] bool empty() const noexcept { return state_.index() == 0; }
  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 1; }

  template <class... Args>
  void emplace(Args&&... args) {
    if constexpr (std::is_reference_v<T>) state_.template emplace<1>(std::addressof(args)...);
    else state_.template emplace<1>(std::forward<Args>(args)...);
  }
  void fail(status why) noexcept { state_.template emplace<2>(std::move(why)); }
  void fail(std::exception_ptr why) noexcept { state_.template emplace<3>(std::move(why)); }

  /// Precondition: has_value().
  [[nodiscard]] stored& stored_value() noexcept { return *std::get_if<1>(&state_); }

  /// The value, or throws what it failed with. Inlined, as each frame that an exception passes costs some 3000
  /// instructions: it is thrown in the coroutine that awaits.
  [[gnu::always_inline]] T take() {
    if (state_.index() == 2) throw status_error{std::move(*std::get_if<2>(&state_))};
    if (state_.index() == 3) std::rethrow_exception(std::move(*std::get_if<3>(&state_)));
    if constexpr (std::is_reference_v<T>) return static_cast<T>(**std::get_if<1>(&state_));
    else if constexpr (!std::is_void_v<T>) return std::move(*std::get_if<1>(&state_));
  }
  /// The value or a status; exceptions that are no status_error are rethrown.
  auto take_result() -> result<std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*, T>> {
    if (state_.index() == 2) return std::move(*std::get_if<2>(&state_));
    if (state_.index() == 3) {
      auto& thrown = *std::get_if<3>(&state_);
      if (auto const* const why = status_of(thrown)) return *why;
      std::rethrow_exception(std::move(thrown));
    }
    if constexpr (std::is_void_v<T>) return {};
    else return std::move(*std::get_if<1>(&state_));
  }
  /// What it failed with, as an exception; null when it has a value.
  [[nodiscard]] std::exception_ptr error() const noexcept {
    if (state_.index() == 2) return std::make_exception_ptr(status_error{*std::get_if<2>(&state_)});
    if (state_.index() == 3) return *std::get_if<3>(&state_);
    return nullptr;
  }
  /// The status when it failed with one, without an exception in between; null otherwise.
  [[nodiscard]] status const* failed_status() const noexcept { return std::get_if<2>(&state_); }

 private:
  std::variant<std::monostate, stored, status, std::exception_ptr> state_;
};

}  // namespace sluice::coro
