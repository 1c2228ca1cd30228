// SPDX-License-Identifier: Apache-2.0
#pragma once

// From outside the coroutines into them:
//   sluice::spawn(executor, task(), token)    starts a task or call on an executor
//   task()(asio::use_awaitable)               any task or call, as an Asio operation

#include <sluice/coro/awaitable.hpp>
#include <sluice/coro/executor.hpp>
#include <sluice/coro/join.hpp>
#include <sluice/coro/run.hpp>
#include <sluice/coro/task.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace sluice {
namespace coro {

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

}  // namespace coro

/// Starts a task or call on a serial executor; `token` completes with void(std::exception_ptr, T).
///
/// Lifetime: Asio's rule, the executor of what `token` stands for outlives the operation. Where one io_context waits for
/// a task of another, destroy the other first.
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

}  // namespace sluice
