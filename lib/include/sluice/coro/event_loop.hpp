// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/asio_forward.hpp>

#include <functional>
#include <initializer_list>
#include <memory>

namespace sluice {

/// An io_context for programs that use no Asio of their own: they compile none of it, a second of CPU less for a file that
/// would make one.
///
///   sluice::event_loop loop;
///   sluice::server server{loop};
///   server.add(greeter);
///   server.listen("127.0.0.1:50051");
///   loop.on_signal({SIGINT, SIGTERM}, [&] { server.stop(std::chrono::seconds{5}); });
///   loop.run();
///
/// Whatever takes an io_context takes an event_loop. A program that awaits Asio's operations makes an io_context itself, or
/// uses `context()`.
///
/// Concurrency: one thread, which runs it; `stop` from any. Lifetime: outlives what runs on it.
class event_loop {
 public:
  event_loop();
  event_loop(event_loop const&) = delete;
  event_loop& operator=(event_loop const&) = delete;
  ~event_loop();

  /// Runs what is to be done on this thread. Returns when nothing is left, or after `stop`; throws what a handler throws.
  /// May be called again.
  void run();
  /// `run` returns as soon as it can, whatever is left. Before it, `stop` does nothing.
  void stop() noexcept;
  /// Calls `then` from `run` when the first of the signals comes; after that they do what they do by default. Until then
  /// `run` does not return for want of work. Asked for again, the newest holds. Throws boost::system::system_error for
  /// what is no signal that can be caught, and then changes nothing.
  void on_signal(std::initializer_list<int> signals, std::function<void()> then);

  /// What it stands on; complete with <boost/asio/io_context.hpp>.
  [[nodiscard]] boost::asio::io_context& context() noexcept;
  operator boost::asio::io_context&() noexcept { return context(); }

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace sluice
