// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/join.hpp>
#include <sluice/coro/task.hpp>

#include <array>
#include <coroutine>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace sluice {
namespace coro {

/// Runs children at once under one context and resumes the parent when all have ended. `Policy` decides who is stopped.
class group : public joiner {
 public:
  explicit group(std::size_t size) : left_{size} {}
  group(group const&) = delete;
  group& operator=(group const&) = delete;

 protected:
  ~group() = default;
  /// Child `index` ended; true when the others are not needed any more.
  [[nodiscard]] virtual bool is_decided_by(std::size_t index) noexcept = 0;

  template <class Start>
  [[nodiscard]] bool start_all(std::coroutine_handle<> parent, context& under, Start&& start) {
    if (!under.scheduler().is_current())
      throw_misuse("tasks are awaited side by side away from the task's executor: resume_home first");
    parent_.emplace(parent, under);
    context_.emplace(under);
    ++left_;  // not zero before all have started
    start(*context_);
    return --left_ != 0;
  }

 private:
  struct resumption final : ready_node {
    resumption(std::coroutine_handle<> parent, context& under) noexcept : parent_{parent}, context_{&under} {}
    void run() noexcept override { resume_under(*context_, parent_); }
    std::coroutine_handle<> parent_;
    context* context_;
  };
  void child_ended(std::size_t index) noexcept final {
    if (is_decided_by(index)) context_->stop().request_stop(stop_reason::local);
    if (--left_ == 0) context_->scheduler().ready(*parent_);
  }

  std::size_t left_;
  std::optional<resumption> parent_;
  std::optional<context> context_;
};

template <class... As>
class when_all_awaiter final : private group {
 public:
  explicit when_all_awaiter(std::tuple<As...>&& awaitables)
      : group{sizeof...(As)}, awaitables_{std::move(awaitables)} {}
  [[nodiscard]] bool await_ready() const noexcept { return sizeof...(As) == 0; }
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
  std::tuple<group_value<As>...> await_resume() {
    if (first_failed_)
      [&]<std::size_t... I>(std::index_sequence<I...>) {
        ((I == *first_failed_ ? static_cast<void>(std::get<I>(outcomes_).take()) : void()), ...);
      }(std::index_sequence_for<As...>{});
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::tuple<group_value<As>...>{std::get<I>(outcomes_).take()...};
    }(std::index_sequence_for<As...>{});
  }

 private:
  bool is_decided_by(std::size_t index) noexcept override {
    bool failed = false;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((I == index ? void(failed = !std::get<I>(outcomes_).has_value()) : void()), ...);
    }(std::index_sequence_for<As...>{});
    if (failed && !first_failed_) first_failed_ = index;
    return failed;
  }
  std::tuple<As...> awaitables_;
  std::tuple<outcome<group_value<As>>...> outcomes_;
  std::array<child, sizeof...(As)> children_;
  std::optional<std::size_t> first_failed_;
};

template <class A>
class when_all_range_awaiter final : private group {
 public:
  explicit when_all_range_awaiter(std::vector<A>&& awaitables)
      : group{awaitables.size()}, awaitables_{std::move(awaitables)}, outcomes_(awaitables_.size()),
        children_(awaitables_.size()) {}
  [[nodiscard]] bool await_ready() const noexcept { return awaitables_.empty(); }
  template <has_context Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> parent) {
    return start_all(parent, *parent.promise().context(), [this](context& under) {
      for (std::size_t i = 0; i != children_.size(); ++i) {
        children_[i] = run_child(std::move(awaitables_[i]), outcomes_[i]);
        children_[i].start(under, *this, i);
      }
    });
  }
  std::vector<group_value<A>> await_resume() {
    if (first_failed_) static_cast<void>(outcomes_[*first_failed_].take());
    std::vector<group_value<A>> values;
    values.reserve(outcomes_.size());
    for (auto& each : outcomes_) values.push_back(each.take());
    return values;
  }

 private:
  bool is_decided_by(std::size_t index) noexcept override {
    bool const failed = !outcomes_[index].has_value();
    if (failed && !first_failed_) first_failed_ = index;
    return failed;
  }
  std::vector<A> awaitables_;
  std::vector<outcome<group_value<A>>> outcomes_;
  std::vector<child> children_;
  std::optional<std::size_t> first_failed_;
};

template <class Awaiter, class Awaitables>
class [[nodiscard]] group_operation {
 public:
  explicit group_operation(Awaitables&& awaitables) : awaitables_{std::move(awaitables)} {}
  [[nodiscard]] Awaiter operator co_await() && { return Awaiter{std::move(awaitables_)}; }

 private:
  Awaitables awaitables_;
};

}  // namespace coro

/// Awaits tasks and calls side by side.
///
///   auto [a, b] = co_await when_all(x.Get(q), y.Get(q));
///   std::vector<Feature> all = co_await when_all(std::move(vector_of_tasks));
///
/// Completes with: a tuple (or vector) of their values once all have ended; a void one gives coro::unit.
/// Fails with: the first failure, after the others have been stopped and have ended.
/// Cancellation: the awaiter's stop reaches each of them.
template <coro::awaitable... As>
  requires(sizeof...(As) > 0)
auto when_all(As... awaitables) {
  return coro::group_operation<coro::when_all_awaiter<As...>, std::tuple<As...>>{
      std::tuple<As...>{std::move(awaitables)...}};
}
template <coro::awaitable A>
auto when_all(std::vector<A> awaitables) {
  return coro::group_operation<coro::when_all_range_awaiter<A>, std::vector<A>>{std::move(awaitables)};
}

}  // namespace sluice
