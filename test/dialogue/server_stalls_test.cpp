// SPDX-License-Identifier: Apache-2.0
// Clients that let a response be made and do not take it: at the stream's window, or behind a stream's own buffer.
#include "dialogue/server_dialogue.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr auto tick = 1ms;  // of the timer wheel

/// A stream with a buffer of its own, as TLS has: it takes everything, and lets go of as much as the test says.
class hoarding_stream final : public byte_stream {
 public:
  struct hoard {
    void let_go(std::size_t most) {
      auto const part = kept.view().first(std::min(most, kept.size()));
      std::array<bytes_view, 1> const pieces{part};
      kept.consume(below->write(pieces).bytes);
      if (kept.empty() && writer) std::exchange(writer, nullptr)->ready(io_direction::write);
    }
    std::unique_ptr<byte_stream> below;
    buffer kept;
    std::shared_ptr<io_waiter> writer;
    bool hoards = false;
  };
  explicit hoarding_stream(std::shared_ptr<hoard> of) noexcept : hoard_{std::move(of)} {}

  io_result read(std::span<std::byte> into) noexcept override { return hoard_->below->read(into); }
  io_result write(std::span<bytes_view const> pieces) noexcept override {
    io_result result;
    for (auto const each : pieces) {
      hoard_->kept.append(each);
      result.bytes += each.size();
    }
    if (!hoard_->hoards) hoard_->let_go(result.bytes);
    return result;
  }
  void wait(io_direction direction, std::shared_ptr<io_waiter> waiter) override {
    if (direction == io_direction::read) return hoard_->below->wait(direction, std::move(waiter));
    CHECK_FALSE(hoard_->kept.empty());
    hoard_->writer = std::move(waiter);
  }
  void shutdown_write() noexcept override { hoard_->below->shutdown_write(); }
  void close() noexcept override {
    hoard_->writer = nullptr;
    hoard_->below->close();
  }
  std::size_t unsent() const noexcept override { return hoard_->kept.size(); }
  std::string peer() const override { return "hoard"; }
  std::string local() const override { return "hoard"; }

 private:
  std::shared_ptr<hoard> hoard_;
};

struct hoarding_server : server_dialogue {
  using server_dialogue::server_dialogue;
  scripted_peer client_of_hoard() {
    auto [client_end, server_end] = make_pipe(io.get_executor());
    hoard->below = std::move(server_end);
    served.serve(std::make_unique<hoarding_stream>(hoard));
    scripted_peer peer{io, std::move(client_end)};
    peer.begin_as_client().expect(settings()).expect(settings_ack()).settle();
    return peer;
  }
  void pass(duration time) {
    clock.advance(time);
    settle();
  }
  std::shared_ptr<hoarding_stream::hoard> hoard = std::make_shared<hoarding_stream::hoard>();
};

}  // namespace

TEST_CASE("what a stream took and does not get rid of has the write's time") {
  hoarding_server d;
  auto peer = d.client_of_hoard();
  d.hoard->hoards = true;
  peer.send(unary_request(1)).send(data(1).message("x").end()).settle();
  REQUIRE_FALSE(d.hoard->kept.empty());
  d.pass(20s - tick);
  CHECK(d.served.connections() == 1);
  d.pass(2 * tick);
  CHECK(d.served.connections() == 0);
  REQUIRE(d.observer.closed.size() == 1);
  CHECK(d.observer.closed[0] == "the peer took nothing of what was sent for 20.0 s");
}

TEST_CASE("as long as some of what a stream took leaves, the connection lives") {
  hoarding_server d;
  auto peer = d.client_of_hoard();
  d.hoard->hoards = true;
  peer.send(unary_request(1)).send(data(1).message(std::string(100, 'x')).end()).settle();
  auto const all = d.hoard->kept.size();
  REQUIRE(all > 100);
  for (std::size_t i = 0; i != 10; ++i) {
    d.hoard->let_go(10);
    d.pass(19s);
    CHECK(d.served.connections() == 1);
  }
  d.hoard->let_go(all);
  d.pass(1h);
  CHECK(d.served.connections() == 1);
  peer.expect(response(1)).expect(data(1).message(std::string(100, 'x'))).expect(trailers(1));
}

TEST_CASE("a write behind one that left in its own time has a time of its own") {
  hoarding_server d;
  auto peer = d.client_of_hoard();
  d.hoard->hoards = true;
  peer.send(unary_request(1)).send(data(1).message("x").end()).settle();
  d.pass(1s);
  d.hoard->let_go(10'000);
  d.pass(18s);
  peer.send(unary_request(3)).send(data(3).message(std::string(1000, 'y')).end()).settle();
  d.pass(19s);
  CHECK(d.served.connections() == 1);
  d.pass(1s + tick);
  CHECK(d.served.connections() == 0);
}

TEST_CASE("a server's shutdown is over when the last bytes have left") {
  hoarding_server d;
  auto peer = d.client_of_hoard();
  d.hoard->hoards = true;
  peer.send(unary_request(1)).send(data(1).message("x").end()).settle();
  bool over = false;
  spawn(d.io, d.served.shutdown(1h), [&](std::exception_ptr) { over = true; });
  d.settle();
  auto const drained = [&] {
    d.hoard->let_go(100'000);
    d.settle();
  };
  drained();
  peer.expect(response(1))
      .expect(data(1).message("x"))
      .expect(trailers(1))
      .expect(goaway(0x7fffffff, no_error));
  peer.send(ping_ack(peer.expect_any(frame_type::ping, 0).payload)).settle();
  CHECK_FALSE(over);
  CHECK_FALSE(d.hoard->kept.empty());  // the last GOAWAY
  drained();
  peer.expect(goaway(1, no_error)).expect_end();
  d.settle();
  CHECK(over);
}

TEST_CASE("a finished response whose window stays closed is given up in a time of its own") {
  server_dialogue d;
  auto peer = d.client(settings({{setting_initial_window, 0}}));
  peer.send(unary_request(1)).send(data(1).message("x").end());
  peer.expect(response(1)).expect_silence();
  d.clock.advance(5min - tick);
  peer.expect_silence();
  CHECK(d.served.active_calls() == 1);
  d.clock.advance(5min + tick);
  peer.expect(rst_stream(1, cancel)).expect_silence();
  CHECK(d.served.active_calls() == 0);
  CHECK(d.served.connections() == 1);
}

TEST_CASE("a finished response that goes on, however slowly, is not given up") {
  server_dialogue d;
  auto peer = d.client(settings({{setting_initial_window, 0}}));
  peer.send(unary_request(1)).send(data(1).message("0123456789").end());
  peer.expect(response(1)).expect_silence();
  std::string heard;
  for (int i = 0; i != 15; ++i) {
    d.clock.advance(5min - tick);
    peer.send(window_update(1, 1));
    heard += peer.expect_data(1, 1);
  }
  CHECK(heard == data(1).message("0123456789").payload);
  peer.expect(trailers(1));
}

TEST_CASE("a handler that waits for its client's window is not given up") {
  server_dialogue d;
  d.handlers.server_streaming = [](text) -> generator<text> {
    for (;;) co_yield text{std::string(10'000, 'x')};
  };
  auto peer = d.client(settings({{setting_initial_window, 0}}));
  peer.send(server_request(1)).send(data(1).message("x").end());
  peer.expect(response(1)).expect_silence();
  d.clock.advance(1h);
  peer.expect_silence();
  CHECK(d.served.active_calls() == 1);
}
