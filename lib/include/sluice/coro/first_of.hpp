// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/when_all.hpp>

#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace sluice {
namespace coro {

template <class First, class... Rest>
inline constexpr bool all_same = (std::is_same_v<First, Rest> && ...);

template <class... As>
class first_of_awaiter final : private group {
 public:
  using value = std::conditional_t<all_same<group_value<As>...>,
                                   std::tuple_element_t<0, std::tuple<group_value<As>...>>,
                                   std::variant<group_value<As>...>>;

  explicit first_of_awaiter(std::tuple<As...>&& awaitables)
      : group{sizeof...(As)}, awaitables_{std::move(awaitables)} {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <has_context Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> parent) {
    return start_all(parent, *parent.promise().context(), [this](context& under) {
      [&]<std::size_t... I>(std::index_sequence<I...>) {
        ((children_[I] = run_child(std::move(std::get<I>(awaitables_)), std::get<I>(outcomes_)),
          children_[I].start(under, *this, I)),
         ...);
      }(std::index_sequence_for<As...>{});
    });
  }
  value await_resume() { return take<0>(winner_ ? *winner_ : *first_ended_); }

 private:
  bool is_decided_by(std::size_t index) noexcept override {
    if (!first_ended_) first_ended_ = index;
    bool succeeded = false;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((I == index ? void(succeeded = std::get<I>(outcomes_).has_value()) : void()), ...);
    }(std::index_sequence_for<As...>{});
    if (succeeded && !winner_) winner_ = index;
    return succeeded;
  }
  template <std::size_t I>
  value take(std::size_t index) {
    if constexpr (I + 1 < sizeof...(As))
      if (index != I) return take<I + 1>(index);
    if constexpr (all_same<group_value<As>...>) return std::get<I>(outcomes_).take();
    else return value{std::in_place_index<I>, std::get<I>(outcomes_).take()};
  }
  std::tuple<As...> awaitables_;
  std::tuple<outcome<group_value<As>>...> outcomes_;
  std::array<child, sizeof...(As)> children_;
  std::optional<std::size_t> winner_;
  std::optional<std::size_t> first_ended_;
};

}  // namespace coro

/// Races tasks and calls: the first that succeeds wins; the others are stopped, and have ended before this completes.
///
///   auto reply = co_await first_of(primary.Get(q), replica.Get(q));
///
/// Completes with: the winner's value; a std::variant when the types differ; a void one gives coro::unit.
/// Fails with: the first failure, when all have failed.
/// Cancellation: the awaiter's stop reaches each of them.
template <coro::awaitable... As>
  requires(sizeof...(As) > 0)
auto first_of(As... awaitables) {
  return coro::group_operation<coro::first_of_awaiter<As...>, std::tuple<As...>>{
      std::tuple<As...>{std::move(awaitables)...}};
}

}  // namespace sluice
