// SPDX-License-Identifier: Apache-2.0
// What a server does because time passes: keepalive, ages, and how often its clients may ping.
#include "dialogue/server_dialogue.hpp"
#include "support/catch.hpp"

#include <algorithm>

using namespace sluice;
using namespace sluice::test;

namespace {

// The wheel's ticks are a millisecond.
constexpr auto tick = 1ms;

// Its handlers wait until they are stopped.
struct waiting_server : server_dialogue {
  explicit waiting_server(server_options options = {}) : server_dialogue{std::move(options)} {
    handlers.unary = [this](text request) -> task<text> {
      co_await go.wait();
      co_return request;
    };
  }
  scripted_peer client_with_call() {
    auto peer = client();
    peer.send(unary_request(1)).send(data(1).message("x").end()).settle();
    REQUIRE(served.active_calls() == 1);
    return peer;
  }
  void pass(duration time) {
    clock.advance(time);
    settle();
  }
  event go;
};

// The notice of a graceful end, answered.
void expect_notice(scripted_peer& peer) {
  peer.expect(goaway(0x7fffffff, no_error));
  auto const probe = peer.expect_any(frame_type::ping, 0);
  peer.send(ping_ack(probe.payload));
}

}  // namespace

TEST_CASE("a server pings a client that was silent for keepalive.time, and goes on when it answers") {
  waiting_server d{{.keepalive = {.time = 1min, .timeout = 20s}}};
  auto peer = d.client();
  for (int i = 0; i != 3; ++i) {
    d.pass(1min - tick);
    peer.expect_silence();
    d.pass(2 * tick);
    auto const probe = peer.expect_any(frame_type::ping, 0);
    CHECK((probe.flags & http2_frame::ack) == 0);
    peer.send(ping_ack(probe.payload)).settle();
  }
  CHECK(d.served.connections() == 1);
}

TEST_CASE("a client that does not answer the keepalive ping is dead after keepalive.timeout") {
  waiting_server d{{.keepalive = {.time = 1min, .timeout = 20s}}};
  auto peer = d.client_with_call();
  d.pass(1min + tick);
  peer.expect_any(frame_type::ping, 0);
  d.pass(20s - 2 * tick);
  peer.expect_silence();
  d.pass(2 * tick);
  CHECK(d.served.connections() == 0);
  CHECK(d.served.active_calls() == 0);
  REQUIRE(d.observer.closed.size() == 1);
  CHECK(d.observer.closed[0] == "the keepalive ping was not answered within 20.0 s");
}

TEST_CASE("whatever a client sends postpones the server's ping") {
  waiting_server d{{.keepalive = {.time = 1min, .timeout = 20s}}};
  auto peer = d.client();
  for (int i = 0; i != 5; ++i) {
    d.pass(50s);
    peer.send(window_update(0, 1)).expect_silence();
  }
}

TEST_CASE("the third ping that comes too early ends the connection with too_many_pings") {
  waiting_server d;
  auto peer = d.client_with_call();
  for (int i = 0; i != 3; ++i) {
    peer.send(ping("12345678")).expect(ping_ack("12345678"));
    d.pass(5min - tick);
  }
  peer.send(ping("12345678"));
  peer.expect(goaway(1, enhance_your_calm, "too_many_pings")).expect_end();
  CHECK(d.served.connections() == 0);
  CHECK(d.served.active_calls() == 0);
  REQUIRE(d.log.size() == 1);
  CHECK(d.log[0] == "connection from pipe: peer violated HTTP/2: too_many_pings");
}

TEST_CASE(
    "pings at the minimum interval are answered for ever, and so are those that follow what the server "
    "sends") {
  waiting_server d;
  auto peer = d.client_with_call();
  for (int i = 0; i != 10; ++i) {
    d.pass(5min);
    peer.send(ping("12345678")).expect(ping_ack("12345678"));
  }
  d.handlers.unary = [](text request) -> task<text> { co_return request; };
  for (std::uint32_t id = 3; id != 43; id += 2) {
    peer.send(unary_request(id)).send(data(id).message("x").end());
    peer.expect(response(id)).expect(data(id).message("x")).expect(trailers(id));
    peer.send(ping("12345678")).expect(ping_ack("12345678"));
  }
  CHECK(d.served.connections() == 1);
}

TEST_CASE("without calls a client's pings must be two hours apart, unless the server permits more") {
  for (bool const permitted : {false, true}) {
    waiting_server d{{.keepalive = {.time = duration::max(), .permit_without_calls = permitted}}};
    auto peer = d.client();
    for (int i = 0; i != 3; ++i) {
      peer.send(ping("12345678")).expect(ping_ack("12345678"));
      d.pass(5min);
    }
    peer.send(ping("12345678"));
    if (permitted) peer.expect(ping_ack("12345678")).expect_silence();
    else peer.expect(goaway(0, enhance_your_calm, "too_many_pings")).expect_end();
  }
}

TEST_CASE("a flood of pings in one read ends at the third that comes too early") {
  waiting_server d;
  auto peer = d.client();
  for (int i = 0; i != 2000; ++i) peer.send(ping("12345678"));
  for (int i = 0; i != 4; ++i) peer.expect(ping_ack("12345678"));
  peer.expect(goaway(0, enhance_your_calm, "too_many_pings"));
  CHECK(d.served.connections() == 0);
}

TEST_CASE("a connection without a call for max_connection_idle is told to go") {
  waiting_server d{{.max_connection_idle = 10min}};
  auto peer = d.client();
  d.pass(6min);
  peer.send(unary_request(1)).send(data(1).message("x").end()).settle();
  d.pass(30min);
  peer.expect_silence();
  d.go.set();
  peer.expect(response(1)).expect(data(1).message("x")).expect(trailers(1));
  d.pass(10min - tick);
  peer.expect_silence();
  d.pass(2 * tick);
  expect_notice(peer);
  peer.expect(goaway(1, no_error, "max_idle")).expect_end();
  CHECK(d.served.connections() == 0);
}

TEST_CASE("a client that does not answer the notice of the end is told the end after keepalive.timeout") {
  waiting_server d{{.max_connection_idle = 10min}};
  auto peer = d.client();
  d.pass(10min + tick);
  peer.expect(goaway(0x7fffffff, no_error)).expect_any(frame_type::ping, 0);
  d.pass(20s - 2 * tick);
  peer.expect_silence();
  d.pass(3 * tick);
  peer.expect(goaway(0, no_error, "max_idle")).expect_end();
  CHECK(d.served.connections() == 0);
}

TEST_CASE("a connection is told to go at its maximum age, give or take a tenth, and closed after the grace") {
  waiting_server d{{.max_connection_age = 100min, .max_connection_age_grace = 5min}};
  auto peer = d.client_with_call();
  d.pass(90min - tick);
  peer.expect_silence();
  duration age = 90min;
  auto notice = [&] {  // what has come by now; the age is found to a second
    try {
      peer.expect_silence();
      return false;
    } catch (dialogue_error const& error) {
      return std::string_view{error.what()}.find("GOAWAY") != std::string_view::npos;
    }
  };
  for (; age <= 110min && !notice(); age += 1s) d.pass(1s);
  CAPTURE(std::chrono::duration_cast<std::chrono::seconds>(age).count());
  CHECK(age <= 110min);
  auto const probe = peer.expect_any(frame_type::ping, 0);
  peer.send(ping_ack(probe.payload)).expect(goaway(1, no_error, "max_age"));
  d.pass(5min - 2s);
  peer.expect_silence();
  CHECK(d.served.active_calls() == 1);
  d.pass(2s + tick);
  CHECK(d.served.active_calls() == 0);
  CHECK(d.served.connections() == 0);
  REQUIRE(d.observer.closed.size() == 1);
  CHECK(d.observer.closed[0] == "the connection's maximum age and its grace are over");
}

TEST_CASE("a call that ends within the grace ends as always, and then the connection") {
  waiting_server d{{.max_connection_age = 100min, .keepalive = {.time = duration::max()}}};
  auto peer = d.client_with_call();
  d.pass(110min + tick);
  expect_notice(peer);
  peer.expect(goaway(1, no_error, "max_age")).expect_silence();
  d.pass(1000h);
  CHECK(d.served.active_calls() == 1);  // the grace is endless
  d.go.set();
  peer.expect(response(1)).expect(data(1).message("x")).expect(trailers(1)).expect_end();
}

TEST_CASE("the ages of connections that come together are spread") {
  server_dialogue d{{.max_connection_age = 100min}};
  std::vector<scripted_peer> peers;
  for (int i = 0; i != 20; ++i) {
    peers.push_back(d.client());
    d.clock.advance(1ms);
  }
  d.clock.advance(100min);
  d.settle();
  auto const gone = std::count_if(peers.begin(), peers.end(), [](scripted_peer& each) {
    try {
      each.expect_silence();
      return false;
    } catch (dialogue_error const&) { return true; }
  });
  CHECK(gone > 2);
  CHECK(gone < 18);
}
