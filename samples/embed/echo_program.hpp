// SPDX-License-Identifier: Apache-2.0
#pragma once

// The program that was there before: plain Asio, nothing of sluice.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <list>
#include <string>
#include <utility>

namespace asio = boost::asio;

/// Echoes lines on TCP and ticks. One thread runs it, so its state has no lock.
class echo_program {
 public:
  struct counts {
    std::uint64_t ticks = 0;
    std::uint64_t sessions = 0;
    std::uint64_t lines = 0;
  };

  echo_program(asio::io_context& io, std::uint16_t port)
      : timer_{io}, acceptor_{io, {asio::ip::address_v4::loopback(), port}},
        address_{"127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port())} {
    asio::co_spawn(io, accept(), asio::detached);
    tick();
  }

  [[nodiscard]] counts const& counted() const { return counts_; }
  void set_prefix(std::string prefix) { prefix_ = std::move(prefix); }
  /// Also of one that has stopped: calls that are under way then still ask.
  [[nodiscard]] std::string const& address() const { return address_; }
  void stop() {
    timer_.cancel();
    acceptor_.close();
    for (auto& session : sessions_) session.close();
  }

 private:
  void tick() {
    timer_.expires_after(std::chrono::milliseconds{100});
    timer_.async_wait([this](boost::system::error_code const& error) {
      if (error) return;
      ++counts_.ticks;
      tick();
    });
  }
  asio::awaitable<void> accept() {
    for (;;) {
      auto socket = co_await acceptor_.async_accept(asio::use_awaitable);
      ++counts_.sessions;
      auto const session = sessions_.insert(sessions_.end(), std::move(socket));
      asio::co_spawn(acceptor_.get_executor(), echo(*session), [this, session](std::exception_ptr) {
        std::cout << "echo: a session ended" << std::endl;
        sessions_.erase(session);
      });
    }
  }
  asio::awaitable<void> echo(asio::ip::tcp::socket& socket) {
    std::string buffer;
    for (;;) {
      auto const size = co_await asio::async_read_until(socket, asio::dynamic_buffer(buffer, 4096), '\n',
                                                        asio::use_awaitable);
      std::string const reply = prefix_ + buffer.substr(0, size);
      buffer.erase(0, size);
      ++counts_.lines;
      co_await asio::async_write(socket, asio::buffer(reply), asio::use_awaitable);
    }
  }

  asio::steady_timer timer_;
  asio::ip::tcp::acceptor acceptor_;
  std::string address_;
  std::list<asio::ip::tcp::socket> sessions_;
  counts counts_;
  std::string prefix_;
};
