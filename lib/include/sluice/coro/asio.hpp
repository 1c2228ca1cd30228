// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bridge between tasks and Boost.Asio, both ways:
//   co_await timer.async_wait(asio::deferred)      any Asio operation, inside a task
//   task()(asio::use_awaitable)                    any task or call, as an Asio operation
//   sluice::run(io, task())                        blocking: runs io until the task is done
//   sluice::spawn(executor, task(), token)         starts a task on an executor
//   co_await sluice::resume_on(pool)               moves to another executor, for heavy work

#include <sluice/coro/awaitable.hpp>
#include <sluice/coro/executor.hpp>
#include <sluice/coro/join.hpp>
#include <sluice/coro/task.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/system/system_error.hpp>

#include <concepts>
#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace sluice {
namespace coro {

// ---- an Asio operation inside a task ---------------------------------------------------------------------------------

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
    if (away_)
      throw status_error{code::failed_precondition,
                         "an Asio operation is awaited away from the task's executor: resume_home first"};
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

namespace sluice {
namespace coro {

// ---- a task or call as an Asio operation -----------------------------------------------------------------------------

template <class T>
struct launch_signature {
  using type = void(std::exception_ptr, T);
};
template <>
struct launch_signature<void> {
  using type = void(std::exception_ptr);
};

/// The top of a tree that was started with a completion token: owns the tree and the handler, and itself.
template <class A, class Handler>
class launched final : private root, private joiner, private ready_node {
  using value = await_result_of<A>;

 public:
  launched(std::shared_ptr<scheduler> where, A&& awaitable, Handler&& handler)
      : where_{std::move(where)}, context_{*where_}, handler_{std::move(handler)},
        work_{asio::prefer(asio::get_associated_executor(handler_, executor_of(*where_)),
                           asio::execution::outstanding_work.tracked)},
        home_work_{asio::prefer(executor_of(*where_), asio::execution::outstanding_work.tracked)},
        child_{run_child(std::move(awaitable), outcome_)} {}
  ~launched() {
    if (alive_) *alive_ = nullptr;
  }
  launched(launched const&) = delete;
  launched& operator=(launched const&) = delete;

  /// From any thread. Never in place: the initiating function must return before anything completes.
  static void start(std::unique_ptr<launched> self) {
    self->connect();
    auto const where = self->where_;
    if (where->is_current()) {
      launched& started = *self.release();
      where->adopt(started);
      where->ready(started);
      return;
    }
    // The posted function owns it until it runs: the executor's context may go away before.
    asio::post(executor_of(*where), [where, self = std::move(self)]() mutable {
      launched& started = *self.release();
      where->turn([&] {
        where->adopt(started);
        where->ready(started);
      });
    });
  }

 private:
  // The signal may be emitted on the handler's executor, which need not be the tree's, and when the tree has gone.
  void connect() {
    auto slot = asio::get_associated_cancellation_slot(handler_);
    if (!slot.is_connected()) return;
    alive_ = std::make_shared<launched*>(this);
    slot.assign([alive = alive_, where = where_](asio::cancellation_type) {
      auto const stop = [](launched** self) {
        if (*self != nullptr) (*self)->context_.stop().request_stop(stop_reason::local);
      };
      if (where->is_current()) {
        stop(alive.get());
        return;
      }
      asio::post(executor_of(*where), [alive, where, stop] { where->turn([&] { stop(alive.get()); }); });
    });
  }
  void child_ended(std::size_t) noexcept override { where_->ready(*this); }
  // Twice: it starts, and it has ended.
  void run() noexcept override {
    if (!std::exchange(started_, true)) {
      child_.start(context_, *this, 0);
      return;
    }
    auto outcome = std::move(outcome_);
    auto handler = std::move(handler_);
    auto work = std::move(work_);
    auto const keep_home = std::move(home_work_);
    auto const keep_where = where_;
    auto executor = asio::get_associated_executor(handler, executor_of(*where_));
    delete this;
    std::exception_ptr error = outcome.error();
    // Not inline: what the handler does belongs to its own executor, outside of our turn.
    if constexpr (std::is_void_v<value>) {
      asio::post(executor, [handler = std::move(handler), error]() mutable {
        disconnect(handler);
        std::move(handler)(error);
      });
    } else {
      using kept = group_value<A>;
      std::optional<kept> result;
      if (!error) result.emplace(outcome.take());
      asio::post(executor, [handler = std::move(handler), error, result = std::move(result)]() mutable {
        disconnect(handler);
        if constexpr (std::is_default_constructible_v<kept>)
          std::move(handler)(error, result ? std::move(*result) : kept{});
        else std::move(handler)(error, std::move(result));
      });
    }
  }
  void abandon() noexcept override { delete this; }
  // On the handler's executor, where its signal lives.
  static void disconnect(Handler const& handler) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) slot.clear();
  }

  std::shared_ptr<scheduler> where_;
  context context_;
  Handler handler_;
  asio::any_io_executor work_;
  asio::any_io_executor home_work_;
  outcome<group_value<A>> outcome_;
  child child_;  // after outcome_: it writes there
  std::shared_ptr<launched*> alive_;
  bool started_ = false;
};

template <class A>
using launch_value = std::conditional_t<std::is_void_v<await_result_of<A>>, void,
                                        std::conditional_t<std::is_default_constructible_v<group_value<A>>,
                                                           group_value<A>, std::optional<group_value<A>>>>;

/// Starts `awaitable` on `where` and completes `token` with void(std::exception_ptr, T). A T that cannot be default
/// constructed comes as std::optional<T>.
template <class A, class Token>
auto launch(std::optional<asio::any_io_executor> where, A awaitable, Token&& token) {
  using signature = typename launch_signature<launch_value<A>>::type;
  return asio::async_initiate<Token, signature>(
      [](auto handler, std::optional<asio::any_io_executor> on, A&& what) {
        auto const executor = on ? *on : asio::any_io_executor{asio::get_associated_executor(handler)};
        using handler_type = decltype(handler);
        launched<A, handler_type>::start(std::make_unique<launched<A, handler_type>>(
            scheduler_of(executor), std::move(what), std::move(handler)));
      },
      token, std::move(where), std::move(awaitable));
}

/// The top of a tree that a blocking caller waits for.
template <class A>
class blocking final : private root, private joiner, private ready_node {
  using value = std::conditional_t<std::is_void_v<await_result_of<A>>, unit, await_result_of<A>>;

 public:
  blocking(std::shared_ptr<scheduler> where, A&& awaitable)
      : where_{std::move(where)}, context_{*where_}, child_{run_child(std::move(awaitable), outcome_)} {
    where_->adopt(*this);
  }
  void start() {
    where_->turn([this] { child_.start(context_, *this, 0); });
  }
  void stop() {
    where_->turn([this] { context_.stop().request_stop(stop_reason::local); });
  }
  /// The caller waits no more: it lives until the task has ended, or the executor's context goes away.
  static void detach(std::unique_ptr<blocking> self) noexcept { self.release()->detached_ = true; }
  [[nodiscard]] bool done() const noexcept { return done_; }
  [[nodiscard]] outcome<value>& result() noexcept { return outcome_; }

 private:
  void child_ended(std::size_t) noexcept override {
    done_ = true;
    if (detached_) where_->ready(*this);
  }
  void run() noexcept override {
    auto const keep = where_;
    delete this;
  }
  void abandon() noexcept override {
    if (detached_) delete this;
    else child_ = child{};
  }
  std::shared_ptr<scheduler> where_;
  context context_;
  outcome<value> outcome_;
  child child_;
  bool done_ = false;
  bool detached_ = false;
};

}  // namespace coro

/// Runs `io` on this thread until `awaitable` (a task or a call) has ended. For scripts, tests and main.
///
/// Completes with: its value. Fails with: what it failed with; FAILED_PRECONDITION inside a task of `io`, and when `io`
/// was stopped, or has nothing left to do although the task waits (a deadlock).
/// Lifetime: a task that has not ended then is stopped, and given the chance to end with what `io` has at hand. If it
/// still waits, it stays with `io`, as an operation under way may use its memory: it must not refer to the caller's.
template <coro::awaitable A>
auto run(asio::io_context& io, A awaitable) -> coro::await_result_of<A> {
  auto const where = coro::scheduler_of(io.get_executor());
  if (where->is_current())
    throw status_error{code::failed_precondition, "run inside a task: co_await it instead"};
  auto top = std::make_unique<coro::blocking<A>>(where, std::move(awaitable));
  io.restart();
  top->start();
  while (!top->done()) {
    if (io.run_one() != 0) continue;
    constexpr int last_steps = 10'000;  // bounded: others may keep `io` busy for ever
    top->stop();
    io.restart();
    for (int i = 0; i != last_steps && !top->done() && io.poll_one() != 0; ++i) {}
    io.stop();
    if (!top->done()) coro::blocking<A>::detach(std::move(top));
    throw status_error{code::failed_precondition,
                       "run: the io_context was stopped, or nothing is left that could end the task"};
  }
  if constexpr (std::is_void_v<coro::await_result_of<A>>) static_cast<void>(top->result().take());
  else return top->result().take();
}

/// Starts a task or call on a serial executor; `token` completes with void(std::exception_ptr, T).
template <coro::awaitable A, class Token>
auto spawn(asio::any_io_executor executor, A awaitable, Token&& token) {
  return coro::launch(std::optional{std::move(executor)}, std::move(awaitable), std::forward<Token>(token));
}
template <coro::awaitable A, class Token>
auto spawn(asio::io_context& io, A awaitable, Token&& token) {
  return spawn(asio::any_io_executor{io.get_executor()}, std::move(awaitable), std::forward<Token>(token));
}

template <class T>
template <class Token>
auto task<T>::operator()(Token&& token) && {
  return coro::launch(std::optional<asio::any_io_executor>{}, std::move(*this), std::forward<Token>(token));
}

/// `co_await resume_on(pool)`: the task goes on on another executor, for work that would hold up the event loop. When it
/// ends, its awaiter goes on at home. Until then, or `co_await resume_home()`, it may compute but not await: everything
/// else that is awaited there fails with FAILED_PRECONDITION or CANCELLED.
template <class Executor>
class [[nodiscard]] resume_on {
 public:
  explicit resume_on(Executor where) : where_{std::move(where)} {}
  template <std::derived_from<asio::execution_context> Context>
  explicit resume_on(Context& pool) : where_{pool.get_executor()} {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <coro::has_context Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    // The executor of home stays busy meanwhile, so that its run() does not return before the task is back.
    asio::post(where_, [self, home = self.promise().context()->scheduler().shared_from_this(),
                        work = asio::prefer(coro::executor_of(self.promise().context()->scheduler()),
                                            asio::execution::outstanding_work.tracked)] { self.resume(); });
  }
  void await_resume() const noexcept {}

 private:
  Executor where_;
};
template <std::derived_from<asio::execution_context> Context>
resume_on(Context&) -> resume_on<typename Context::executor_type>;

/// `co_await resume_home()`: back to the executor of the task's context. Does nothing there.
class [[nodiscard]] resume_home {
 public:
  class awaiter final : private coro::ready_node {
   public:
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <coro::has_context Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> self) {
      context_ = self.promise().context();
      if (context_->scheduler().is_current()) return false;
      self_ = self;
      context_->scheduler().post_remote(*this);
      return true;
    }
    void await_resume() const noexcept {}

   private:
    void run() noexcept override { coro::resume_under(*context_, self_); }
    coro::context* context_ = nullptr;
    std::coroutine_handle<> self_;
  };
  [[nodiscard]] awaiter operator co_await() const noexcept { return {}; }
};

}  // namespace sluice
