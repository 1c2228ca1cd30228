// SPDX-License-Identifier: Apache-2.0
#include "http2/session.hpp"

#include "support/catch.hpp"
#include "unit/http2/machine.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr std::uint32_t protocol_error = 1;
constexpr std::uint32_t refused_stream = 7;
constexpr std::uint32_t cancel = 8;

// With a call that the server has taken and not answered.
struct in_a_call : connected {
  in_a_call() {
    call.ending = true;
    REQUIRE(client.open(call) == errc::ok);
    REQUIRE(talk_on() == errc::ok);
    REQUIRE(server.streams.size() == 1);
  }
  stream_end& served() { return server.streams.at(0); }
  stream_end call;
};

std::string const highest_id("\x7f\xff\xff\xff", 4);

// A GOAWAY without an error.
std::string leave(std::string const& last_stream = std::string(4, '\0'), std::string const& why = {}) {
  std::string const size{'\0', '\0', static_cast<char>(8 + why.size())};
  return size + std::string("\x07\0\0\0\0\0", 6) + last_stream + std::string(4, '\0') + why;
}

}  // namespace

TEST_CASE("a reset ends the stream for both, and each knows who did it") {
  in_a_call both;
  both.client.session.reset(both.call.id, cancel);
  REQUIRE(both.talk_on() == errc::ok);
  CHECK(both.call.closed == cancel);
  CHECK_FALSE(both.call.by_peer);
  CHECK(both.served().closed == cancel);
  CHECK(both.served().by_peer);
}

TEST_CASE("a stream that the server's user does not take is refused") {
  connected both;
  both.server.refuses = true;
  stream_end call;
  call.outgoing = "sent all the same";
  call.ending = true;
  REQUIRE(both.client.open(call) == errc::ok);
  REQUIRE(both.talk_on() == errc::ok);
  CHECK(call.closed == refused_stream);
  CHECK(call.by_peer);
  CHECK(call.lists.empty());
}

TEST_CASE("after GOAWAY the streams under way finish, then the connection") {
  in_a_call both;
  both.server.session.goaway(0, "bye");
  REQUIRE(both.talk_on() == errc::ok);
  CHECK(both.client.goaways == std::vector<std::string>{"1, 0, bye"});
  CHECK_FALSE(both.client.session.finished());
  both.server.respond(both.served(), "answer");
  REQUIRE(both.talk_on() == errc::ok);
  CHECK(both.call == heard{{ok_response}, "answer", true, false, 0U, false});
  CHECK(both.server.session.finished());
}

TEST_CASE("a stream that GOAWAY does not name was not taken") {
  in_a_call both;
  stream_end late;
  late.ending = true;
  REQUIRE(both.client.open(late) == errc::ok);
  REQUIRE_FALSE(both.client.sent().empty());  // and it is lost
  both.server.session.goaway(0, "");
  REQUIRE(both.talk_on() == errc::ok);
  CHECK(late.closed == refused_stream);
  CHECK_FALSE(both.call.closed);
}

TEST_CASE("a stream that is opened when GOAWAY has come, or comes before it is sent, ends as refused") {
  for (bool const before : {true, false}) {
    INFO((before ? "opened before" : "opened after"));
    in_a_call both;
    both.server.session.goaway(0, "");
    std::string const goaway = both.server.sent();
    stream_end late;
    late.ending = true;
    if (before) REQUIRE(both.client.open(late) == errc::ok);
    REQUIRE(both.client.take(goaway) == errc::ok);
    if (!before) REQUIRE(both.client.open(late) == errc::ok);
    CHECK(both.client.sent().empty());
    CHECK(late.closed == refused_stream);
    CHECK_FALSE(late.by_peer);
    CHECK_FALSE(both.call.closed);
  }
}

TEST_CASE("a shutdown that is announced still takes calls, and says when the notice was read") {
  in_a_call both;
  stream_end late;
  late.ending = true;
  REQUIRE(both.client.open(late) == errc::ok);
  std::string const under_way = both.client.sent();
  both.server.session.announce_shutdown(77);
  std::string const notice = both.server.sent();
  REQUIRE(both.server.take(under_way) == errc::ok);
  CHECK(both.server.streams.size() == 2);
  REQUIRE(both.client.take(notice) == errc::ok);
  CHECK(both.client.goaways == std::vector<std::string>{"2147483647, 0, "});
  CHECK(both.server.pings.empty());
  REQUIRE(both.talk_on() == errc::ok);
  CHECK(both.server.pings == std::vector<std::uint64_t>{77});
  both.server.session.goaway(0, "");
  REQUIRE(both.talk_on() == errc::ok);
  CHECK(both.client.goaways.back() == "3, 0, ");
}

TEST_CASE("terminate sends GOAWAY and then nothing more") {
  in_a_call both;
  both.server.session.terminate(protocol_error);
  std::string const last = both.server.sent();
  CHECK_FALSE(last.empty());
  CHECK(both.server.session.finished());
  CHECK(both.server.sent().empty());
  REQUIRE(both.client.take(last) == errc::ok);
  CHECK(both.client.goaways == std::vector<std::string>{"1, 1, "});
}

TEST_CASE("what is not the client's preface is not HTTP/2") {
  machine server{{}};
  CHECK(server.take("GET / HTTP/1.1\r\nhost: x\r\n\r\n") == errc::not_http2);
  CHECK_FALSE(server.session.violation().empty());
  CHECK(server.streams.empty());
}

TEST_CASE("garbage behind the greeting ends the connection, and the peer is told why") {
  std::string_view const garbage{"\0\0\1\0\0\0\0\0\1x", 10};  // DATA on a stream that was never opened
  for (bool const at_client : {true, false}) {
    INFO((at_client ? "client" : "server"));
    connected both;
    machine& hit = at_client ? both.client : both.server;
    machine& other = at_client ? both.server : both.client;
    CHECK(hit.take(garbage) == errc::ok);  // nghttp2 ends the connection by itself
    CHECK_FALSE(hit.session.finished());   // the GOAWAY is still to be sent
    REQUIRE(other.take(hit.sent()) == errc::ok);
    CHECK(hit.session.finished());
    CHECK(other.goaways == std::vector<std::string>{"0, 1, DATA: stream in idle"});
    CHECK(hit.session.violation() == "DATA: stream in idle");
  }
}

TEST_CASE("a connection's violation is not a stream's that came before") {
  connected both;
  fields wrong = hello_request;
  wrong.emplace_back("te", "gzip");
  stream_end call;
  call.ending = true;
  REQUIRE(both.client.open(call, wrong) == errc::ok);
  std::string_view const garbage{"\0\0\1\0\0\0\0\0\3x", 10};  // DATA on a stream that was never opened
  REQUIRE(both.server.take(both.client.sent() + std::string{garbage}) == errc::ok);
  static_cast<void>(both.server.sent());
  CHECK(both.server.session.violation() == "DATA: stream in idle");
}

TEST_CASE("a violation has the same name however the bytes were cut") {
  std::string_view const wrong = "HTTP/1.1 400 Bad Request\r\n\r\n";
  machine whole{{.side = http2::side::client}};
  machine cut{{.side = http2::side::client}};
  REQUIRE(whole.take(wrong) == errc::ok);
  for (std::size_t i = 0; i != wrong.size(); ++i) REQUIRE(cut.take(wrong.substr(i, 1)) == errc::ok);
  static_cast<void>(whole.sent());
  static_cast<void>(cut.sent());
  CHECK(whole.session.violation() == cut.session.violation());
}

TEST_CASE(
    "a client that leaves has violated nothing, whatever stream id it says, and its last streams are "
    "served") {
  for (std::string const& id : {std::string(4, '\0'), std::string("\0\0\0\1", 4), highest_id}) {
    connected both;
    stream_end call;
    call.ending = true;
    REQUIRE(both.client.open(call) == errc::ok);
    auto const request = both.client.sent();
    CHECK(both.server.take(leave(id)) == errc::ok);
    CHECK(both.server.goaways.size() == 1);
    CHECK(both.server.session.finished());
    CHECK(both.server.take(request) == errc::ok);
    REQUIRE(both.server.streams.size() == 1);
    CHECK_FALSE(both.server.session.finished());
    both.server.respond(both.server.streams.front(), "last");
    CHECK_FALSE(both.server.sent().empty());
    CHECK(both.server.session.finished());
    CHECK(both.server.session.violation().empty());
  }
}

TEST_CASE("a client that leaves within a header block is waited for until the block is there") {
  connected both;
  stream_end call;
  call.ending = true;
  REQUIRE(both.client.open(call) == errc::ok);
  auto const request = both.client.sent();
  auto const cut = request.size() - 1;
  CHECK(both.server.take(leave() + request.substr(0, cut)) == errc::ok);
  CHECK_FALSE(both.server.session.finished());
  CHECK(both.server.take(request.substr(cut)) == errc::ok);
  CHECK(both.server.streams.size() == 1);
}

TEST_CASE("a client hears a server's second GOAWAY, also behind its last response") {
  connected both;
  stream_end call;
  call.ending = true;
  REQUIRE(both.client.open(call) == errc::ok);
  REQUIRE(both.server.take(both.client.sent()) == errc::ok);
  CHECK(both.client.take(leave(highest_id)) == errc::ok);
  both.server.respond(both.server.streams.front(), "");
  CHECK(both.client.take(both.server.sent() + leave(std::string("\0\0\0\1", 4), "too_many_pings")) ==
        errc::ok);
  CHECK(both.client.goaways == std::vector<std::string>{"2147483647, 0, ", "1, 0, too_many_pings"});
}

TEST_CASE("a silent session tells no GOAWAY") {
  connected both;
  both.server.session.fall_silent();
  CHECK(both.server.take(leave()) == errc::ok);
  CHECK(both.server.goaways.empty());
}

TEST_CASE("a client that begins with GOAWAY has violated HTTP/2") {
  machine server{{.side = http2::side::server}};
  REQUIRE(server.take("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + leave()) == errc::ok);
  CHECK(server.goaways.empty());
  CHECK_FALSE(server.sent().empty());
  CHECK(server.session.violation().find("SETTINGS") != std::string_view::npos);
}

TEST_CASE("a client whose peer does not begin with SETTINGS says a protocol error and is finished") {
  machine client{{.side = http2::side::client}};
  REQUIRE_FALSE(client.sent().empty());
  REQUIRE(client.take("HTTP/1.1 400 Bad Request\r\n\r\n") == errc::ok);
  std::string const last = client.sent();
  CHECK(client.session.violation().find("SETTINGS") != std::string_view::npos);
  REQUIRE(last.size() >= 17);
  CHECK(last[3] == 7);                   // GOAWAY
  CHECK(last.substr(13, 4) == std::string("\0\0\0\1", 4));  // PROTOCOL_ERROR
  CHECK(client.session.finished());
  CHECK(client.take("more") == errc::ok);  // and is dropped
}
