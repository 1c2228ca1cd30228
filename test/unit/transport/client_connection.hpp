// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/executor.hpp>
#include <sluice/testing/pipe.hpp>

#include "transport/connection.hpp"

#include <boost/asio/io_context.hpp>

#include "support/catch.hpp"
#include "unit/http2/machine.hpp"
#include "unit/net/waiter.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace sluice::test {

/// A client's stream that writes down what it hears.
class client_stream final : public transport::stream {
 public:
  explicit client_stream(std::vector<std::string>& log) noexcept : log_{log} {}
  void say(std::string_view text) {
    std::ranges::copy(as_bytes(text), prepare(text.size()).begin());
    commit(text.size());
  }
  std::string body;
  int rooms = 0;
  std::optional<errc> closed_for;
  std::uint32_t error = 0;

 private:
  void on_headers(received_fields headers, bool, bool) override {
    log_.push_back("headers of " + std::to_string(headers.size()));
  }
  void on_data(bytes_view bytes) override { body += as_text(bytes); }
  void on_end() override { log_.emplace_back("end"); }
  void on_room() noexcept override { ++rooms; }
  void on_closed(transport::stream_end const& how) noexcept override {
    closed_for = how.why;
    error = how.error;
    log_.emplace_back("stream closed");
  }
  std::vector<std::string>& log_;
};

/// A client's connection, and a session at the other end of its pipe.
struct client_connection : transport::connection_owner {
  explicit client_connection(testing::pipe_options options = {}, std::int32_t first_stream = 1) {
    std::unique_ptr<byte_stream> bytes;
    std::tie(bytes, peer_end) = testing::make_pipe(io.get_executor(), std::move(options));
    ours = std::make_shared<transport::connection>(
        *scheduler, std::move(bytes),
        http2::session_options{.side = http2::side::client, .first_stream = first_stream});
    scheduler->turn([this] { ours->start(*this); });
    exchange();
    for (auto const& [name, value] : hello_request) request.add(name, value);
  }
  ~client_connection() { ours->close(errc::connection_closed, "the test is over"); }

  transport::stream* stream_opened() override { return nullptr; }
  void settings_received(transport::connection&) noexcept override { log.emplace_back("settings"); }
  void stream_closed(transport::connection&) noexcept override { log.emplace_back("one stream fewer"); }
  void goaway_received(transport::connection&, std::uint32_t, std::string_view text) noexcept override {
    log.push_back("goaway " + std::string{text});
  }
  void connection_closed(transport::connection&, errc, std::string_view text) noexcept override {
    log.push_back("connection closed: " + std::string{text});
  }
  client_stream& make_stream() { return streams.emplace_back(log); }
  template <class Action>
  void turn(Action&& action) {
    scheduler->turn(std::forward<Action>(action));
  }
  void run() {
    io.restart();
    io.poll();
  }
  /// Lets both ends speak until they have nothing more to say.
  void exchange() {
    for (std::string heard = "x"; heard != "(block)" && !heard.starts_with("(e");) {
      run();
      heard = read_text(*peer_end);
      if (heard != "(block)" && heard != "(end)") REQUIRE(peer.take(heard) == errc::ok);
      if (auto const bytes = peer.sent(); !bytes.empty())
        REQUIRE(write_text(*peer_end, bytes).bytes == bytes.size());
      run();
    }
  }
  asio::io_context io;
  std::shared_ptr<coro::scheduler> scheduler = coro::scheduler_of(io.get_executor());
  machine peer{{.max_concurrent_streams = 2}};
  std::unique_ptr<byte_stream> peer_end;
  std::vector<std::string> log;
  std::deque<client_stream> streams;
  std::shared_ptr<transport::connection> ours;
  wire::header_block request;
};

}  // namespace sluice::test
