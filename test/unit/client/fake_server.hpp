// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/channel.hpp>
#include <sluice/testing/manual_clock.hpp>
#include <sluice/testing/pipe.hpp>

#include "unit/net/waiter.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string_view>
#include <utility>

namespace sluice::test {

/// Whoever answers a subchannel that connects through a pipe: nobody until `say`.
class fake_server {
 public:
  static constexpr std::string_view settings{"\0\0\0\4\0\0\0\0\0", 9};
  static constexpr std::string_view settings_ack{"\0\0\0\4\1\0\0\0\0", 9};
  static constexpr std::string_view goaway{"\0\0\10\7\0\0\0\0\0\0\0\0\0\0\0\0\0", 17};

  explicit fake_server(asio::io_context& io) : io_{io} {}

  channel::connector const connector = [this] { return connect(); };
  bool refuses = false;
  int connects = 0;

  void turn() {
    io_.restart();
    io_.poll();
  }
  void say(std::string_view bytes) {
    static_cast<void>(write_text(*end_, bytes));
    turn();
  }
  /// What the client said since the last time; "(end)" once it has closed.
  [[nodiscard]] std::string hear() { return read_text(*end_); }
  void hang_up() {
    end_->close();
    turn();
  }

 private:
  std::unique_ptr<byte_stream> connect() {
    ++connects;
    if (refuses) return nullptr;
    auto ends = testing::make_pipe(io_.get_executor());
    end_ = std::move(ends.second);
    return std::move(ends.first);
  }
  asio::io_context& io_;
  std::unique_ptr<byte_stream> end_;
};

}  // namespace sluice::test
