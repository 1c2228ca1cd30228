// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/asio_forward.hpp>

#include <concepts>
#include <memory>
#include <type_traits>

namespace sluice {

class event_loop;

namespace coro {

template <class Executor>
concept asio_executor = requires(Executor const& executor) { executor.context(); };

/// The executor that an io_context hands out: it says no more than which io_context.
template <class Executor>
concept plain_io_executor = asio_executor<Executor> && requires(Executor const& executor) {
  requires std::same_as<std::remove_cvref_t<decltype(executor.context())>, boost::asio::io_context>;
  requires std::same_as<Executor, typename std::remove_cvref_t<decltype(executor.context())>::executor_type>;
};

template <class T>
concept complete = requires { sizeof(T); };

}  // namespace coro

/// What a channel or a server runs on: an io_context that one thread runs, its executor, a strand, an any_io_executor, or
/// an event_loop. It converts from each of them; nobody needs to name it.
///
/// Other executors are known by their `context()`, which BOOST_ASIO_NO_TS_EXECUTORS takes away from Asio's: pass the
/// io_context itself there. It keeps Asio's executors out of the headers that take one, and out of what a user's file compiles.
///
/// Lifetime: the execution context outlives what runs on it.
class serial_executor {
 public:
  serial_executor(boost::asio::io_context& io);
  serial_executor(event_loop& loop);
  template <class Executor>
    requires coro::plain_io_executor<Executor>
  serial_executor(Executor const& executor) : serial_executor{executor.context()} {}
  template <class Executor>
    requires(coro::asio_executor<Executor> && !coro::plain_io_executor<Executor>)
  serial_executor(Executor const& executor) : executor_{erased(executor)} {}

  [[nodiscard]] boost::asio::any_io_executor const& get() const noexcept { return *executor_; }

 private:
  template <class Executor, class Any = boost::asio::any_io_executor>
  static std::shared_ptr<Any const> erased(Executor const& executor) {
    static_assert(coro::complete<Any>, "include <boost/asio/any_io_executor.hpp> to run on this executor");
    return std::make_shared<Any const>(executor);
  }
  std::shared_ptr<boost::asio::any_io_executor const> executor_;
};

}  // namespace sluice
