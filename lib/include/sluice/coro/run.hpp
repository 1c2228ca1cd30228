// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/asio_forward.hpp>
#include <sluice/coro/awaitable.hpp>
#include <sluice/coro/task.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace sluice {
namespace coro {

/// The top of a tree that a blocking caller waits for.
class blocking : private root, private completion, private ready_node {
 public:
  /// Runs `io` until `top` has ended. When it has not, it is given away: it ends by itself.
  static void run(boost::asio::io_context& io, std::unique_ptr<blocking>& top);

 protected:
  /// Throws status_error FAILED_PRECONDITION inside a task of `io`.
  explicit blocking(boost::asio::io_context& io);
  virtual ~blocking();

 private:
  friend std::default_delete<blocking>;
  virtual void start(context& under, completion& done) = 0;
  virtual void drop() noexcept = 0;

  void start();
  void stop();
  void completed() noexcept final;
  void run() noexcept final;
  void abandon() noexcept final;

  std::shared_ptr<scheduler> where_;
  context context_;
  bool done_ = false;
  bool detached_ = false;
};

template <class T>
class blocking_task final : public blocking {
 public:
  blocking_task(boost::asio::io_context& io, task<T>&& what) : blocking{io}, task_{std::move(what)} {}
  [[nodiscard]] coro::outcome<T>& outcome() noexcept { return task_.outcome(); }

 private:
  void start(coro::context& under, coro::completion& done) override { task_.start(under, done); }
  void drop() noexcept override { task_ = {}; }
  task<T> task_;
};

template <class A>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;

/// What is no task, as one.
template <class A>
task<await_result_of<A>> as_task(A awaitable) {
  co_return co_await std::move(awaitable);
}

}  // namespace coro

/// Runs `io` on this thread until `awaitable` (a task or a call) has ended. For scripts, tests and main.
///
/// Completes with: its value. Fails with: what it failed with; FAILED_PRECONDITION inside a task of `io`, and when `io`
/// was stopped, or has nothing left to do although the task waits (a deadlock); what a handler of `io` throws.
/// Lifetime: a task that has not ended then is stopped and, unless a handler threw, given the chance to end with what `io`
/// has at hand. If it still waits, it stays with `io`, as an operation under way may use its memory: it must not refer to
/// the caller's.
template <class T>
T run(boost::asio::io_context& io, task<T> what) {
  if (!what.valid()) throw_misuse(coro::empty_task_message);
  auto top = std::make_unique<coro::blocking_task<T>>(io, std::move(what));
  auto& outcome = top->outcome();
  std::unique_ptr<coro::blocking> waits{std::move(top)};
  coro::blocking::run(io, waits);
  return outcome.take();
}
// What most mains run is compiled in the library.
extern template class coro::blocking_task<void>;
extern template void run<void>(boost::asio::io_context& io, task<void> what);

template <coro::awaitable A>
  requires(!coro::is_task<A>)
auto run(boost::asio::io_context& io, A awaitable) -> coro::await_result_of<A> {
  return sluice::run(io, coro::as_task(std::move(awaitable)));
}

}  // namespace sluice
