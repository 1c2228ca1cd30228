// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>

namespace sluice {

/// N threads, each running an io_context of its own: what a server on all cores stands on. The one place where sluice
/// starts threads, because you asked for them by name.
///
///   sluice::io_threads threads{std::thread::hardware_concurrency()};
///   sluice::server server{threads};
///
/// Concurrency: thread-safe. Lifetime: outlives the servers and channels on it. The destructor stops the contexts and
/// joins the threads.
class io_threads {
 public:
  /// Starts `count` threads, at least one.
  explicit io_threads(std::size_t count);
  io_threads(io_threads const&) = delete;
  io_threads& operator=(io_threads const&) = delete;
  ~io_threads();

  [[nodiscard]] std::size_t size() const noexcept;
  /// The serial executor of one thread.
  [[nodiscard]] boost::asio::any_io_executor executor(std::size_t index) const;
  /// Lets the threads end when their work has, and waits for that: after server::shutdown.
  void join();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace sluice
