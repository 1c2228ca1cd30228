// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/status.hpp>

#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>

namespace sluice {

/// A value, or the status that says why there is none. `E` is sluice::status for users; the machines use result<T, errc>. An
/// E has a default, which is cheap.
///
///   auto r = co_await sluice::as_result(guide.GetFeature(point));
///   if (!r) log(r.status());  else use(*r);
template <class T, class E = status>
class [[nodiscard]] result {
 public:
  using value_type = T;
  using error_type = E;

  template <class U = T>
    requires std::constructible_from<T, U> && (!std::same_as<std::remove_cvref_t<U>, result>) &&
             (!std::same_as<std::remove_cvref_t<U>, E>)
  result(U&& value) : value_{std::in_place, std::forward<U>(value)} {}
  result(E error) : error_{std::move(error)} {}

  [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }

  /// Precondition of the four: has_value().
  [[nodiscard]] T& operator*() & noexcept { return *value_; }
  [[nodiscard]] T const& operator*() const& noexcept { return *value_; }
  [[nodiscard]] T&& operator*() && noexcept { return *std::move(value_); }
  [[nodiscard]] T* operator->() noexcept { return &*value_; }
  [[nodiscard]] T const* operator->() const noexcept { return &*value_; }

  /// The value, or throws status_error.
  [[nodiscard]] T& value() &
    requires std::same_as<E, sluice::status>
  {
    if (!has_value()) throw status_error{error()};
    return **this;
  }
  [[nodiscard]] T const& value() const&
    requires std::same_as<E, sluice::status>
  {
    if (!has_value()) throw status_error{error()};
    return **this;
  }
  [[nodiscard, gnu::always_inline]] T&& value() &&
    requires std::same_as<E, sluice::status>
  {
    if (!has_value()) throw status_error{error()};
    return std::move(**this);
  }

  /// Precondition: !has_value().
  [[nodiscard]] E const& error() const noexcept { return error_; }
  /// Why there is no value; ok when there is one.
  [[nodiscard]] sluice::status status() const
    requires std::same_as<E, sluice::status>
  {
    return has_value() ? sluice::status{} : error();
  }

 private:
  // No std::variant: each file that includes this would read it.
  std::optional<T> value_;
  E error_{};
};

template <class E>
class [[nodiscard]] result<void, E> {
 public:
  using value_type = void;
  using error_type = E;

  result() noexcept = default;
  result(E error) : error_{std::move(error)} {}

  [[nodiscard]] bool has_value() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }
  void value() const
    requires std::same_as<E, sluice::status>
  {
    if (error_) throw status_error{*error_};
  }
  [[nodiscard]] E const& error() const noexcept { return *error_; }
  [[nodiscard]] sluice::status status() const
    requires std::same_as<E, sluice::status>
  {
    return error_ ? *error_ : sluice::status{};
  }

 private:
  std::optional<E> error_;
};

}  // namespace sluice
