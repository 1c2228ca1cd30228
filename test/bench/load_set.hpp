// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "load_connection.hpp"
#include "load_socket.hpp"

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

namespace bench {

// The connections of the load, and the ways to use them.
class load_set {
 public:
  explicit load_set(program_options const& options) : options_(options), tls_(options.tls) {}

  // Connects, and waits until each server has sent its SETTINGS.
  void open();
  // Each connection opens so many streams that stay open, after one call that fills the HPACK table.
  void hold(unsigned count);
  // `calls` calls, each stream one after the other.
  void make_calls(std::uint64_t calls);
  // `calls` connections, each for one call, options.connections at a time.
  void make_connections(std::uint64_t calls);
  // options.calls unary calls, options.rate of them a second; prints what became of them. See open_loop.cpp.
  void make_calls_on_schedule();
  // Bytes from the sockets of the connections that are there.
  std::uint64_t received() const;
  // After the last reply.
  void check() const;

 private:
  using clock = std::chrono::steady_clock;
  struct schedule;

  std::unique_ptr<load_connection> connect();
  void wait_until_ready();
  // Waits for the sockets, at most so long, and serves those that are ready. Whether there were some.
  bool turn(std::chrono::nanoseconds at_most);
  void turn();
  bool begin_call(std::int64_t intended);
  void begin_due(schedule& plan);

  program_options const& options_;
  load_tls tls_;
  load_budget budget_;
  std::vector<std::unique_ptr<load_connection>> all_;
  std::vector<pollfd> polled_;
  unsigned connected_ = 0;
  std::size_t next_ = 0;  // whose turn it is to begin a call
};

}  // namespace bench
