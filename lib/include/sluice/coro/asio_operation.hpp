// SPDX-License-Identifier: Apache-2.0
#pragma once

// Any Asio operation inside a task:  co_await timer.async_wait(asio::deferred)

#include <sluice/coro/awaitable.hpp>
#include <sluice/coro/context.hpp>
#include <sluice/coro/executor.hpp>
#include <sluice/coro/frame_pool.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace sluice {
namespace coro {

/// What an operation's completion handler and its awaiter share. The handler travels through Asio by value and may be
/// destroyed without a call when its context goes away; the awaiter may be destroyed first, when its tree is dropped.
template <class... Args>
struct operation_state : pooled {
  int references = 2;
  std::optional<std::tuple<std::decay_t<Args>...>> results;
  ready_node* waiting = nullptr;  // null once the awaiter has gone
  stop_observer* stopping = nullptr;  // as long as a stop may be passed on
  coro::scheduler* where = nullptr;
  asio::cancellation_signal cancel;

  // The operation has completed or was dropped. What it did its I/O on may go from now on, and the slot still points
  // there: no signal any more.
  void settle() noexcept {
    if (stopping != nullptr) std::exchange(stopping, nullptr)->unlink();
    settled = true;
  }
  bool settled = false;

  static void release(operation_state* state) noexcept {
    if (--state->references == 0) delete state;
  }
};

template <class... Args>
class operation_handler {
 public:
  using executor_type = asio::any_io_executor;
  using cancellation_slot_type = asio::cancellation_slot;

  explicit operation_handler(operation_state<Args...>* state) noexcept : state_{state} {}
  operation_handler(operation_handler&& other) noexcept : state_{std::exchange(other.state_, nullptr)} {}
  operation_handler& operator=(operation_handler&&) = delete;
  ~operation_handler() {
    if (state_ == nullptr) return;
    state_->settle();
    operation_state<Args...>::release(state_);
  }
  [[nodiscard]] executor_type get_executor() const noexcept { return executor_of(*state_->where); }
  [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept {
    return state_->cancel.slot();
  }

  template <class... Results>
  void operator()(Results&&... results) {
    auto* const state = std::exchange(state_, nullptr);
    state->settle();
    if (state->waiting != nullptr) {
      state->results.emplace(std::forward<Results>(results)...);
      auto const keep = state->where->shared_from_this();
      keep->turn([&] { keep->ready(*state->waiting); });
    }
    operation_state<Args...>::release(state);
  }

 private:
  operation_state<Args...>* state_;
};

/// A completion's arguments become the value of co_await: a leading error_code or exception_ptr is thrown when set; of
/// the others, none is void, one is itself, several are a tuple.
template <class Signature, class Initiation, class... InitArgs>
class operation_awaiter;

template <class Result, class... Args, class Initiation, class... InitArgs>
class [[nodiscard]] operation_awaiter<Result(Args...), Initiation, InitArgs...> final
    : private ready_node,
      private stop_observer {
  using state = operation_state<Args...>;

 public:
  operation_awaiter(Initiation&& initiation, std::tuple<InitArgs...>&& args)
      : initiation_{std::move(initiation)}, args_{std::move(args)} {}
  ~operation_awaiter() {
    if (state_ == nullptr) return;
    state_->waiting = nullptr;
    state_->stopping = nullptr;
    state::release(state_);
  }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <has_context Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> self) {
    context_ = self.promise().context();
    self_ = self;
    away_ = !context_->scheduler().is_current();  // then nothing of the context may be read
    if (away_ || context_->stop().stop_requested()) return false;
    state_ = new state;
    state_->waiting = this;
    state_->where = &context_->scheduler();
    // May complete in place: then the coroutine is queued, and resumed after this has returned.
    std::apply(
        [this](InitArgs&... args) {
          std::move(initiation_)(operation_handler<Args...>{state_}, std::move(args)...);
        },
        args_);
    if (!state_->settled) {
      state_->stopping = this;
      context_->stop().observe(*this);
    }
    return true;
  }
  auto await_resume() {
    if (away_) throw_misuse("an Asio operation is awaited away from the task's executor: resume_home first");
    if (state_ == nullptr) throw status_error{to_status(context_->stop().reason())};
    if constexpr (sizeof...(Args) == 0) return;
    else return take(std::move(*state_->results), std::index_sequence_for<Args...>{});
  }

 private:
  template <std::size_t First, std::size_t... Rest>
  auto take(std::tuple<std::decay_t<Args>...>&& results, std::index_sequence<First, Rest...>) {
    auto& first = std::get<First>(results);
    using first_type = std::remove_reference_t<decltype(first)>;
    if constexpr (std::is_same_v<first_type, boost::system::error_code>) {
      if (first) {
        // What a stop aborted fails as the stop does: DEADLINE_EXCEEDED, CANCELLED, ...
        if (first == asio::error::operation_aborted) context_->token().throw_if_stopped();
        throw boost::system::system_error{first};
      }
      return rest(std::move(std::get<Rest>(results))...);
    } else if constexpr (std::is_same_v<first_type, std::exception_ptr>) {
      if (first) std::rethrow_exception(first);
      return rest(std::move(std::get<Rest>(results))...);
    } else {
      return rest(std::move(first), std::move(std::get<Rest>(results))...);
    }
  }
  template <class... Values>
  static auto rest(Values&&... values) {
    if constexpr (sizeof...(Values) == 1) return (std::move(values), ...);
    else if constexpr (sizeof...(Values) > 1)
      return std::tuple<std::decay_t<Values>...>{std::move(values)...};
  }

  void run() noexcept override { resume_under(*context_, self_); }
  void stop_requested(stop_reason) noexcept override {
    // Emitting may complete the operation on the spot; the state must survive its own signal.
    ++state_->references;
    auto* const state = state_;
    state->stopping = nullptr;
    state->cancel.emit(asio::cancellation_type::all);
    state::release(state);
  }

  Initiation initiation_;
  std::tuple<InitArgs...> args_;
  state* state_ = nullptr;
  context* context_ = nullptr;
  std::coroutine_handle<> self_;
  bool away_ = false;
};

/// An operation that was given await_token: not begun before it is awaited.
template <class Signature, class Initiation, class... InitArgs>
class [[nodiscard]] operation {
 public:
  template <class I, class... As>
  explicit operation(std::in_place_t, I&& initiation, As&&... args)
      : initiation_{std::forward<I>(initiation)}, args_{std::forward<As>(args)...} {}
  [[nodiscard]] operation_awaiter<Signature, Initiation, InitArgs...> operator co_await() && {
    return {std::move(initiation_), std::move(args_)};
  }

 private:
  Initiation initiation_;
  std::tuple<InitArgs...> args_;
};

/// The completion token that turns an operation into something to await.
struct await_token {};

}  // namespace coro

/// `co_await op(sluice::use_task)`: the same as awaiting op(asio::deferred), for operations that are given a token at once.
inline constexpr coro::await_token use_task{};

template <class Operation>
  requires requires(Operation&& op) { std::forward<Operation>(op)(coro::await_token{}); } &&
           (!std::is_invocable_v<Operation>) && (!coro::natively_awaitable<Operation>)
struct coro::awaitable_adapter<Operation> {
  template <class Op>
  static auto adapt(Op&& op) {
    return coro::get_awaiter(std::forward<Op>(op)(await_token{}));
  }
};

}  // namespace sluice

namespace boost::asio {

template <class Signature>
class async_result<sluice::coro::await_token, Signature> {
 public:
  // The type is spelt out: Asio asks for it of operations whose arguments cannot be copied.
  template <class Initiation, class... Args>
  static sluice::coro::operation<Signature, std::decay_t<Initiation>, std::decay_t<Args>...> initiate(
      Initiation&& initiation, sluice::coro::await_token, Args&&... args) {
    return sluice::coro::operation<Signature, std::decay_t<Initiation>, std::decay_t<Args>...>{
        std::in_place, std::forward<Initiation>(initiation), std::forward<Args>(args)...};
  }
};

}  // namespace boost::asio
