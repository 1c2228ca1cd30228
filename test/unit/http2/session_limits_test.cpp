// SPDX-License-Identifier: Apache-2.0
#include "http2/session.hpp"

#include "support/catch.hpp"
#include "unit/http2/machine.hpp"

using namespace sluice;
using namespace sluice::test;

TEST_CASE("a stream's data stops at its window until the reader consumes") {
  connected both{{.initial_window = 10}};
  stream_end call;
  call.outgoing = "0123456789abcdefghijklmno";
  call.ending = true;
  REQUIRE(both.client.open(call) == errc::ok);
  REQUIRE(both.talk_on() == errc::ok);
  stream_end& served = both.server.streams.at(0);
  CHECK(served.body == "0123456789");
  CHECK(call.outgoing == "abcdefghijklmno");
  both.server.session.consume(served.id, 10);
  CHECK(both.server.session.wants_to_send());
  REQUIRE(both.talk_on() == errc::ok);
  CHECK(served.body == "0123456789abcdefghij");
  CHECK_FALSE(served.ended);
  both.server.session.consume(served.id, 10);
  REQUIRE(both.talk_on() == errc::ok);
  CHECK(served.body == "0123456789abcdefghijklmno");
  CHECK(served.ended);
}

TEST_CASE("a stream that nobody reads does not hold up another") {
  connected both{{.initial_window = 60'000, .connection_window = 65'535}};
  stream_end unread;
  stream_end other;
  for (auto* const call : {&unread, &other}) {
    call->outgoing.assign(60'000, 'x');
    call->ending = true;
    REQUIRE(both.client.open(*call) == errc::ok);
    REQUIRE(both.talk_on() == errc::ok);
  }
  CHECK(both.server.streams.at(0).body.size() == 60'000);
  CHECK(both.server.streams.at(1).body.size() == 60'000);
  CHECK(both.server.streams.at(1).ended);
}

TEST_CASE("a client opens as many streams as the server's SETTINGS let it, the next ones later") {
  connected both{{.max_concurrent_streams = 2}};
  CHECK(both.client.session.peer_max_concurrent_streams() == 2);
  std::deque<stream_end> calls(3);
  for (auto& call : calls) {
    call.ending = true;
    REQUIRE(both.client.open(call) == errc::ok);
  }
  REQUIRE(both.talk_on() == errc::ok);
  REQUIRE(both.server.streams.size() == 2);
  both.server.respond(both.server.streams[0], "");
  REQUIRE(both.talk_on() == errc::ok);
  CHECK(calls[0].closed == 0U);
  REQUIRE(both.server.streams.size() == 3);
  both.server.respond(both.server.streams[2], "third");
  REQUIRE(both.talk_on() == errc::ok);
  CHECK(calls[2].body == "third");
}

TEST_CASE("a stream too many that was opened before SETTINGS came is refused") {
  machine client{{.side = http2::side::client}};
  machine server{{.max_concurrent_streams = 1}};
  std::deque<stream_end> calls(2);
  for (auto& call : calls) {
    call.ending = true;
    REQUIRE(client.open(call) == errc::ok);
  }
  REQUIRE(talk(client, server) == errc::ok);
  CHECK(server.streams.size() == 1);
  CHECK_FALSE(calls[0].closed);
  CHECK(calls[1].closed == 7U);  // REFUSED_STREAM
  CHECK(calls[1].by_peer);
}

TEST_CASE("a header list above the limit is told, without the fields beyond the limit") {
  connected both{{.max_header_list_size = 300}};
  stream_end call;
  call.ending = true;
  fields request = hello_request;
  request.emplace_back("large", std::string(400, 'x'));
  request.emplace_back("small", "x");
  REQUIRE(both.client.open(call, request) == errc::ok);
  REQUIRE(both.talk_on() == errc::ok);
  CHECK(both.server.streams.at(0) == heard{{hello_request}, "", true, true, {}, false});

  stream_end next;
  next.ending = true;
  REQUIRE(both.client.open(next) == errc::ok);
  REQUIRE(both.talk_on() == errc::ok);
  CHECK(both.server.streams.at(1) == heard{{hello_request}, "", true, false, {}, false});
}

TEST_CASE("a header list at the limit passes") {
  std::size_t size = 0;
  for (auto const& [name, value] : hello_request) size += name.size() + value.size() + 32;
  for (bool const above : {false, true}) {
    connected both{{.max_header_list_size = static_cast<std::uint32_t>(above ? size - 1 : size)}};
    stream_end call;
    call.ending = true;
    REQUIRE(both.client.open(call) == errc::ok);
    REQUIRE(both.talk_on() == errc::ok);
    CHECK(both.server.streams.at(0).too_large == above);
  }
}

TEST_CASE("a header list far above the limit ends the connection") {
  connected both{{.max_header_list_size = 300}};
  stream_end call;
  call.ending = true;
  fields request = hello_request;
  for (int i = 0; i != 4; ++i) request.emplace_back("large", std::string(400, 'x'));
  REQUIRE(both.client.open(call, request) == errc::ok);
  CHECK(both.talk_on() == errc::protocol_error);
  CHECK(both.server.session.violation() == "header list far above the limit");
}

TEST_CASE("send gives enough and a frame at most, however wide the windows, and goes on where it stopped") {
  constexpr std::size_t size = std::size_t{1} << 20;
  constexpr std::size_t enough = std::size_t{64} << 10;
  constexpr std::size_t frame = 9 + 16'384;
  connected both{{.initial_window = 2 * size}};
  stream_end call;
  for (std::size_t i = 0; i != size; ++i) call.outgoing.push_back(static_cast<char>('a' + i / 1000 % 26));
  call.ending = true;
  std::string const whole = call.outgoing;
  REQUIRE(both.client.open(call) == errc::ok);
  std::size_t sends = 0;
  for (;; ++sends) {
    std::string out;
    REQUIRE(both.client.send_into(out, enough) == errc::ok);
    if (out.empty()) break;
    CHECK(out.size() < enough + frame);
    REQUIRE(both.server.take(out) == errc::ok);
  }
  CHECK(sends > 10);
  stream_end& served = both.server.streams.at(0);
  CHECK(served.body == whole);
  CHECK(served.ended);
}

TEST_CASE("a header list that fills several frames arrives whole") {
  std::string const text(std::size_t{20} * 1024, '^');
  fields const large{{":status", "200"}, {"first", text}, {"second", text}, {"third", text}};
  machine client{{.side = http2::side::client, .max_header_list_size = 128 * 1024}};
  machine server{{}};
  stream_end call;
  call.ending = true;
  REQUIRE(client.open(call) == errc::ok);
  REQUIRE(talk(client, server) == errc::ok);
  stream_end& served = server.streams.back();
  served.headers = large;
  server.session.respond(served.id, served, true);
  REQUIRE(talk(client, server) == errc::ok);
  CHECK(call == heard{{large}, "", true, false, 0, false});
}
