// SPDX-License-Identifier: Apache-2.0
// What a channel does because time passes: keepalive.
#include "dialogue/client_dialogue.hpp"
#include "support/catch.hpp"

#include <boost/asio/detached.hpp>

using namespace sluice;
using namespace sluice::test;

namespace {

using boost::asio::detached;
constexpr auto tick = 1ms;  // of the timer wheel

struct pinging_client : client_dialogue {
  explicit pinging_client(client_keepalive keepalive) : client_dialogue{{.keepalive = keepalive}} {}

  void ask(outcome& out) { spawn(io, run_unary(through, text{"ask"}, {}, out), detached); }
  /// A server, with a call under way.
  scripted_peer server_with_call(outcome& out) {
    ask(out);
    auto peer = server();
    peer.expect(headers(1)).expect(data(1).message("ask").end()).expect_silence();
    return peer;
  }
  void pass(duration time) {
    clock.advance(time);
    settle();
  }
};

}  // namespace

TEST_CASE("a channel does not ping by default") {
  outcome out;
  pinging_client d{{}};
  auto peer = d.server_with_call(out);
  d.pass(1000h);
  peer.expect_silence();
}

TEST_CASE("a channel pings a server that is silent while a call is open, as long as it answers") {
  outcome out;
  pinging_client d{{.time = 5min}};
  auto peer = d.server_with_call(out);
  for (int i = 0; i != 3; ++i) {
    d.pass(5min - tick);
    peer.expect_silence();
    d.pass(2 * tick);
    peer.send(ping_ack(peer.expect_any(frame_type::ping, 0).payload)).settle();
  }
  peer.send(response(1)).send(data(1).message("answer")).send(trailers(1)).settle();
  CHECK(out.ended_with() == code::ok);
}

TEST_CASE("a keepalive.time below ten seconds is taken for ten") {
  outcome out;
  pinging_client d{{.time = 1s}};
  auto peer = d.server_with_call(out);
  d.pass(10s - tick);
  peer.expect_silence();
  d.pass(2 * tick);
  peer.expect_any(frame_type::ping, 0);
  peer.send(goaway(1, enhance_your_calm, "too_many_pings")).close();  // doubles the ten
  d.settle();
  out = {};
  auto again = d.server_with_call(out);
  d.pass(20s - tick);
  again.expect_silence();
  d.pass(2 * tick);
  again.expect_any(frame_type::ping, 0);
}

TEST_CASE("a server that does not answer the ping is given up, and its calls end with UNAVAILABLE") {
  outcome out;
  pinging_client d{{.time = 5min, .timeout = 20s}};
  auto peer = d.server_with_call(out);
  d.pass(5min + tick);
  peer.expect_any(frame_type::ping, 0);
  d.pass(20s - 2 * tick);
  CHECK_FALSE(out.ended);
  d.pass(2 * tick);
  CHECK(out.ended_with() == code::unavailable);
  CHECK(out.ended->message() == "connection to pipe lost: the keepalive ping was not answered within 20.0 s");

  outcome again;  // on a new connection
  auto next = d.server_with_call(again);
  next.send(response(1)).send(data(1).message("answer")).send(trailers(1)).settle();
  CHECK(again.ended_with() == code::ok);
}

TEST_CASE("without a call there is no ping, and a call that begins after the silence brings one") {
  std::array<outcome, 2> out;
  pinging_client d{{.time = 5min}};
  auto peer = d.server_with_call(out[0]);
  peer.send(response(1)).send(data(1).message("answer")).send(trailers(1)).settle();
  d.pass(20min);
  peer.expect_silence();
  d.ask(out[1]);
  peer.expect(headers(3)).expect(data(3).message("ask").end()).expect_silence();
  d.pass(tick);
  peer.send(ping_ack(peer.expect_any(frame_type::ping, 0).payload)).expect_silence();
}

TEST_CASE("pings without calls are sent where that is permitted") {
  outcome out;
  pinging_client d{{.time = 5min, .permit_without_calls = true}};
  auto peer = d.server_with_call(out);
  peer.send(response(1)).send(data(1).message("answer")).send(trailers(1)).settle();
  d.pass(5min + tick);
  peer.send(ping_ack(peer.expect_any(frame_type::ping, 0).payload)).expect_silence();
}

TEST_CASE("too_many_pings doubles the interval of the channel, and is logged") {
  outcome out;
  pinging_client d{{.time = 1min}};
  for (auto const interval : {1min, 2min, 4min}) {
    out = {};
    auto peer = d.server_with_call(out);
    d.pass(interval - tick);
    peer.expect_silence();
    d.pass(2 * tick);
    peer.expect_any(frame_type::ping, 0);
    d.log.clear();
    peer.send(goaway(1, enhance_your_calm, "too_many_pings")).close();
    d.settle();
    CHECK(out.ended_with() == code::unavailable);
    REQUIRE_FALSE(d.log.empty());
    CHECK(d.log[0].first == log_level::warning);
    CHECK(d.log[0].second.find("the server wants fewer keepalive pings") == 0);
  }
}

TEST_CASE("a GOAWAY for another reason leaves the interval alone") {
  outcome out;
  pinging_client d{{.time = 1min}};
  for (auto const& [error, text] :
       {std::pair{enhance_your_calm, "calm"}, std::pair{no_error, "too_many_pings"}}) {
    out = {};
    auto peer = d.server_with_call(out);
    d.pass(1min + tick);
    peer.expect_any(frame_type::ping, 0);
    peer.send(goaway(1, error, text)).close();
    d.settle();
  }
  out = {};
  auto peer = d.server_with_call(out);
  d.pass(1min + tick);
  peer.expect_any(frame_type::ping, 0);
}
