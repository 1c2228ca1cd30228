// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

namespace faults {

/// How this program is started as a server of its own: the path, then its arguments.
using command = std::vector<std::string>;

/// The service in a process of its own, which can be stopped, killed and starved.
class child {
 public:
  /// Starts it and waits until it serves. Throws std::runtime_error.
  child(boost::asio::any_io_executor const& executor, command const& what);
  child(child const&) = delete;
  child& operator=(child const&) = delete;
  /// Kills it.
  ~child();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// Calls that are held there.
  [[nodiscard]] std::size_t arrived() const noexcept { return heard_->count; }
  void on_arrival(std::function<void()> told) { heard_->told = std::move(told); }

  void signal(int number) const noexcept;
  /// Kills it, and waits for its end.
  void kill() noexcept;
  /// It may open no descriptor more; or as many as before.
  void starve() const;
  void feed() const;

 private:
  struct hearing {
    explicit hearing(boost::asio::any_io_executor const& executor) : output{executor} {}
    boost::asio::posix::stream_descriptor output;
    std::array<char, 64> bytes{};
    std::size_t count = 0;
    std::function<void()> told;
  };
  static void hear(std::shared_ptr<hearing> from);

  std::shared_ptr<hearing> heard_;
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
};

/// What the child does: serves on `port`, with TLS where a certificate is named; says the port, then one '.' for each held
/// call; SIGTERM ends it within 200 ms.
void serve_as_child(std::uint16_t port, std::string const& chain, std::string const& key);

}  // namespace faults
