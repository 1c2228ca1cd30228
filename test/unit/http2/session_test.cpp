// SPDX-License-Identifier: Apache-2.0
#include "http2/session.hpp"

#include "support/catch.hpp"
#include "unit/http2/machine.hpp"

#include <array>

using namespace sluice;
using namespace sluice::test;

namespace {

fields const request_trailers{{"after", "words"}};
fields const response_trailers{{"grpc-status", "0"}};

// All that a client says before it hears anything.
std::string whole_request() {
  machine client{{.side = http2::side::client}};
  stream_end call;
  call.outgoing = "question";
  call.ending = true;
  call.trailers = request_trailers;
  REQUIRE(client.open(call) == errc::ok);
  return client.sent();
}

// All that a server says to it.
std::string whole_response() {
  machine server{{}};
  REQUIRE(server.take(whole_request()) == errc::ok);
  server.respond(server.streams.front(), "answer", response_trailers);
  return server.sent();
}

heard const request_heard{{hello_request, request_trailers}, "question", true, false, {}, false};
heard const response_heard{{ok_response, response_trailers}, "answer", true, false, 0U, false};

}  // namespace

TEST_CASE("sessions greet each other with SETTINGS") {
  connected both;
  CHECK(both.greeted == errc::ok);
  CHECK(both.client.settings == 1);
  CHECK(both.server.settings == 1);
  CHECK_FALSE(both.client.session.wants_to_send());
  CHECK_FALSE(both.server.session.finished());
}

TEST_CASE("a request with data and trailers is heard the same wherever its bytes are cut") {
  std::string const bytes = whole_request();
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    INFO("cut at " << cut);
    machine server{{}};
    REQUIRE(server.take(std::string_view{bytes}.substr(0, cut)) == errc::ok);
    REQUIRE(server.take(std::string_view{bytes}.substr(cut)) == errc::ok);
    REQUIRE(server.streams.size() == 1);
    CHECK(server.streams.front() == request_heard);
  }
}

TEST_CASE("a response with data and trailers is heard the same wherever its bytes are cut") {
  std::string const bytes = whole_response();
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    INFO("cut at " << cut);
    machine client{{.side = http2::side::client}};
    stream_end call;
    call.ending = true;
    REQUIRE(client.open(call) == errc::ok);
    REQUIRE_FALSE(client.sent().empty());
    REQUIRE(client.take(std::string_view{bytes}.substr(0, cut)) == errc::ok);
    REQUIRE(client.take(std::string_view{bytes}.substr(cut)) == errc::ok);
    CHECK(call == response_heard);
  }
}

TEST_CASE("a stream that both sides ended is over for both without an error") {
  connected both;
  stream_end call;
  call.ending = true;
  REQUIRE(both.client.open(call) == errc::ok);
  REQUIRE(both.talk_on() == errc::ok);
  stream_end& served = both.server.streams.at(0);
  CHECK(served.ended);
  CHECK_FALSE(served.closed);
  served.headers = ok_response;
  both.server.session.respond(served.id, served, true);
  REQUIRE(both.talk_on() == errc::ok);
  CHECK(call == heard{{ok_response}, "", true, false, 0U, false});
  CHECK(served.closed == 0U);
}

TEST_CASE("data that comes later is sent when the stream is resumed") {
  connected both;
  stream_end call;
  REQUIRE(both.client.open(call) == errc::ok);
  REQUIRE(both.talk_on() == errc::ok);
  CHECK(both.server.streams.at(0).body.empty());
  call.outgoing = "later";
  CHECK(both.client.sent().empty());
  both.client.session.resume_data(call.id, call);
  CHECK(both.client.session.wants_to_send());
  REQUIRE(both.talk_on() == errc::ok);
  CHECK(both.server.streams.at(0).body == "later");
  CHECK_FALSE(both.server.streams.at(0).ended);
}

TEST_CASE("a stream that has sent what it had goes on, ends, or is reset, as if nothing had been sent") {
  connected both;
  stream_end call;
  call.outgoing = "first";
  REQUIRE(both.client.open(call) == errc::ok);
  REQUIRE(both.talk_on() == errc::ok);
  auto& heard = both.server.streams.at(0);
  CHECK(heard.body == "first");
  SECTION("more bytes, again and again") {
    for (int i = 0; i != 3; ++i) {
      call.outgoing = "more";
      both.client.session.resume_data(call.id, call);
      REQUIRE(both.talk_on() == errc::ok);
    }
    CHECK(heard.body == "firstmoremoremore");
    CHECK_FALSE(heard.ended);
  }
  SECTION("more bytes with the end") {
    call.outgoing = "last";
    call.ending = true;
    both.client.session.resume_data(call.id, call);
    REQUIRE(both.talk_on() == errc::ok);
    CHECK(heard.body == "firstlast");
    CHECK(heard.ended);
  }
  SECTION("the end alone") {
    call.ending = true;
    both.client.session.resume_data(call.id, call);
    REQUIRE(both.talk_on() == errc::ok);
    CHECK(heard.body == "first");
    CHECK(heard.ended);
  }
  SECTION("trailers alone") {
    call.trailers = fields{{"last", "word"}};
    both.client.session.send_trailers(call.id);
    REQUIRE(both.talk_on() == errc::ok);
    CHECK(heard.lists.size() == 2);
    CHECK(heard.ended);
  }
  SECTION("a reset behind bytes that are queued") {
    call.outgoing = "never";
    both.client.session.resume_data(call.id, call);
    both.client.session.reset(call.id, 8);
    REQUIRE(both.talk_on() == errc::ok);
    CHECK(heard.body == "first");
    CHECK(heard.closed == 8);
  }
}

TEST_CASE("send stops once it has given enough, and goes on where it stopped") {
  connected both;
  stream_end call;
  call.outgoing.assign(50'000, 'x');
  call.ending = true;
  REQUIRE(both.client.open(call) == errc::ok);
  std::string first;
  REQUIRE(both.client.send_into(first, 1) == errc::ok);
  CHECK(first.size() >= 1);
  CHECK(first.size() < 50'000);
  CHECK(both.client.session.wants_to_send());
  REQUIRE(both.server.take(first) == errc::ok);
  REQUIRE(both.talk_on() == errc::ok);
  CHECK(both.server.streams.at(0).body == std::string(50'000, 'x'));
}

TEST_CASE("a server that has answered before it read everything tells the client to stop") {
  connected both;
  stream_end call;
  call.outgoing = "part of a question";
  REQUIRE(both.client.open(call) == errc::ok);
  REQUIRE(both.talk_on() == errc::ok);
  both.server.respond(both.server.streams.at(0), "no");
  REQUIRE(both.talk_on() == errc::ok);
  CHECK(call == heard{{ok_response}, "no", true, false, 0U, true});
  CHECK(both.server.streams.at(0).closed == 0U);
}

TEST_CASE("a ping comes back with its number") {
  connected both;
  both.client.session.ping(0x0123456789abcdefU);
  REQUIRE(both.talk_on() == errc::ok);
  CHECK(both.client.pings == std::vector<std::uint64_t>{0x0123456789abcdefU});
  CHECK(both.server.pings.empty());
}

TEST_CASE("a malformed request is reset, is not handed on, and the connection goes on") {
  connected both;
  fields request = hello_request;
  request.emplace_back("connection", "close");
  for (bool const ends : {false, true}) {
    stream_end call;
    call.ending = ends;
    REQUIRE(both.client.open(call, request) == errc::ok);
    REQUIRE(both.talk_on() == errc::ok);
    CHECK(both.server.streams.back() == heard{{}, "", false, false, 1, false});
    CHECK(call.closed == 1U);  // PROTOCOL_ERROR
    CHECK(call.by_peer);
  }
  stream_end good;
  good.ending = true;
  REQUIRE(both.client.open(good) == errc::ok);
  REQUIRE(both.talk_on() == errc::ok);
  CHECK(both.server.streams.back().lists == std::vector<fields>{hello_request});
}

TEST_CASE("fields are heard right however many there are, and whether they came before or not") {
  connected both;
  for (int round = 0; round != 3; ++round) {
    fields request = hello_request;
    for (int i = 0; i != 60; ++i) request.emplace_back("x-" + std::to_string(i), std::to_string(i * i));
    request.emplace_back("x-large", std::string(1000, 'a'));
    for (int i = 0; i != 20; ++i) {
      request.emplace_back("x-new", std::to_string(round * 100 + i));
      stream_end call;
      call.ending = true;
      REQUIRE(both.client.open(call, request) == errc::ok);
      REQUIRE(both.talk_on() == errc::ok);
      REQUIRE(both.server.streams.back().lists == std::vector<fields>{request});
    }
  }
}

TEST_CASE("a header list that fills several frames is heard whole, and ends the stream once") {
  machine client{{.side = http2::side::client}};
  machine server{{.max_header_list_size = 128 * 1024}};
  fields request = hello_request;
  request.emplace_back("long", std::string(50'000, 'x'));
  stream_end call;
  call.ending = true;
  REQUIRE(client.open(call, request) == errc::ok);
  REQUIRE(talk(client, server) == errc::ok);
  REQUIRE(server.streams.size() == 1);
  CHECK(server.streams.front() == heard{{request}, "", true, false, {}, false});
}

TEST_CASE("a peer that empties its header table and opens it again hears what is sent after that") {
  connected both;
  std::array<stream_end, 3> calls;
  for (auto& each : calls) {
    each.ending = true;
    REQUIRE(both.client.open(each) == errc::ok);
    REQUIRE(talk(both.client, both.server) == errc::ok);
    // SETTINGS_HEADER_TABLE_SIZE, 0 and then 4096, in one frame.
    using namespace std::string_view_literals;
    REQUIRE(both.client.take("\0\0\x0c\4\0\0\0\0\0\0\1\0\0\0\0\0\1\0\0\x10\0"sv) == errc::ok);
    static_cast<void>(both.client.sent());  // that it is acknowledged, which the server did not ask for
  }
  REQUIRE(both.server.streams.size() == 3);
  for (auto const& each : both.server.streams) CHECK(each.lists == std::vector<fields>{hello_request});
}
