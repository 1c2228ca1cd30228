// SPDX-License-Identifier: Apache-2.0
// What is wrong with a connection itself.
#include "dialogue/server_dialogue.hpp"
#include "support/catch.hpp"

using namespace sluice;
using namespace sluice::test;

TEST_CASE("HTTP/1.1 on the port is answered in its own words, and nothing else") {
  for (std::size_t const piece : {0U, 1U}) {
    server_dialogue d;
    auto peer = d.connect();
    peer.split(piece).send_raw("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    std::string const answer = peer.read_raw();
    CHECK(answer.starts_with("HTTP/1.1 505 HTTP Version Not Supported\r\n"));
    CHECK(answer.ends_with("\r\n\r\nThis port speaks gRPC over HTTP/2 without TLS.\r\n"));
    CHECK(d.served.connections() == 0);
    REQUIRE(d.observer.closed.size() == 1);
    CHECK(d.observer.closed.front() == "the client speaks HTTP/1.1, not HTTP/2");
  }
}

TEST_CASE("TLS on the port closes the connection, and the log names it") {
  server_dialogue d;
  auto peer = d.connect();
  peer.send_raw({"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11});
  CHECK(peer.read_raw().empty());
  CHECK(d.served.connections() == 0);
  REQUIRE(d.log.size() == 1);
  CHECK(d.log.front().find("the client speaks TLS, this port is cleartext") != std::string::npos);
}

TEST_CASE("bytes of no protocol close the connection") {
  server_dialogue d;
  auto peer = d.connect();
  peer.send_raw("nothing that anybody speaks\r\n").read_raw();
  CHECK(d.served.connections() == 0);
}

TEST_CASE("a PING is answered") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(ping("12345678")).expect(ping_ack("12345678"));
}

TEST_CASE("a frame that breaks HTTP/2 ends the connection with GOAWAY, stops its calls, and is named") {
  struct wrong {
    char const* what;
    http2_frame frame;
    char const* said;
  };
  http2_frame const even = unary_request(2);
  std::vector<wrong> const all{
      {"DATA on an idle stream", data(9).message("x"), "DATA: stream in idle"},
      {"a request with an even stream id", even, "request HEADERS: invalid stream_id"},
      {"WINDOW_UPDATE of nothing for the connection", window_update(0, 0),
       "WINDOW_UPDATE: window_size_increment == 0"},
      {"SETTINGS of five bytes", http2_frame{frame_type::settings, 0, 0, "12345"}, "FRAME_SIZE_ERROR"},
      {"PING of three bytes", ping("123"), "FRAME_SIZE_ERROR"},
      {"RST_STREAM of an idle stream", rst_stream(9, cancel), "RST_STREAM: stream in idle"},
      {"CONTINUATION of nothing", http2_frame{frame_type::continuation, 1, http2_frame::end_headers, ""},
       "CONTINUATION: unexpected"},
      {"a malformed header block",
       http2_frame{frame_type::headers, 9, http2_frame::end_headers, "\xff\xff\xff\xff"},
       "a header block does not decode"},
      {"a frame above the largest size", data(1).bytes(std::string(16'385, 'x')), "too large frame size"},
      {"an initial window above the largest", settings({{setting_initial_window, 0x80000000}}),
       "SETTINGS: too large SETTINGS_INITIAL_WINDOW_SIZE"},
  };
  for (auto const& [what, frame, said] : all) {
    CAPTURE(what);
    server_dialogue d;
    auto peer = d.client();
    peer.send(bidi_request(1)).expect_silence();
    CHECK(d.served.active_calls() == 1);
    peer.send(frame).expect_any(frame_type::goaway, 0);
    peer.expect_end();
    CHECK(d.served.active_calls() == 0);
    CHECK(d.served.connections() == 0);
    REQUIRE(d.observer.closed.size() == 1);
    REQUIRE(d.log.size() == 1);
    CHECK(d.observer.closed[0] == said);
    CHECK(d.log[0] == "connection from pipe: peer violated HTTP/2: " + d.observer.closed[0]);
  }
}

TEST_CASE("a header that breaks HTTP/2 resets its stream, and the connection lives") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(unary_request(1).field("Upper", "case")).expect(rst_stream(1, protocol_error));
  peer.send(unary_request(3).field("connection", "close")).expect(rst_stream(3, protocol_error));
  peer.send(unary_request(5).without(":path")).expect(rst_stream(5, protocol_error));
  peer.send(unary_request(7)).send(data(7).message("x").end());
  peer.expect(response(7)).expect(data(7).message("x")).expect(trailers(7));
  CHECK(d.observer.started.size() == d.observer.ended.size());
  CHECK(d.served.active_calls() == 0);
}

TEST_CASE("a header list may come in many CONTINUATION frames") {
  server_dialogue d{{.max_header_list_size = 200'000}};
  auto peer = d.client();
  peer.send(unary_request(1).field("x-1", std::string(30'000, '~')).field("x-2", std::string(30'000, '~')))
      .send(data(1).message("x").end());
  peer.expect(response(1)).expect(data(1).message("x")).expect(trailers(1));
}

TEST_CASE("what the socket does not take waits, and the writes end when it does") {
  server_dialogue d;
  d.handlers.unary = [](text) -> task<text> { co_return text{std::string(300'000, 'b')}; };
  pipe_options narrow;
  narrow.capacity = 1000;
  auto peer = d.connect(std::move(narrow));
  peer.begin_as_client(settings({{setting_initial_window, 1'000'000}})).send(window_update(0, 1'000'000));
  peer.expect(settings()).send(unary_request(1)).send(data(1).message("x").end()).expect(response(1));
  CHECK(peer.expect_data(1, 300'005).size() == 300'005);
  peer.expect(trailers(1)).expect_silence();
}

TEST_CASE("a server reads no further requests while its client does not read the answers, and then goes on") {
  constexpr std::size_t size = 200'000;
  server_dialogue d;
  d.handlers.unary = [](text request) -> task<text> {
    co_return request.value == "much" ? text{std::string(size, 'b')} : request;
  };
  pipe_options narrow;
  narrow.capacity = 20'000;
  auto peer = d.connect(std::move(narrow));
  peer.begin_as_client(settings({{setting_initial_window, 1'000'000}})).send(window_update(0, 1'000'000));
  peer.expect(settings()).settle();
  peer.send(unary_request(1)).send(data(1).message("much").end()).settle();
  CHECK(d.observer.started.size() == 1);
  auto const reads = d.record->reads;
  for (std::uint32_t id = 3; id != 45; id += 2)
    peer.send(unary_request(id)).send(data(id).message("x").end()).settle();
  CHECK(d.observer.started.size() == 1);
  CHECK(d.record->reads == reads);
  peer.expect(response(1));
  CHECK(peer.expect_data(1, size + 5).size() == size + 5);
  peer.expect(trailers(1));
  for (std::uint32_t id = 3; id != 45; id += 2) peer.expect(response(id));
  for (std::uint32_t id = 3; id != 45; id += 2) peer.expect(data(id).message("x")).expect(trailers(id));
  CHECK(d.observer.ended.size() == 22);
}

TEST_CASE("a client's GOAWAY lets its calls end, and then the connection") {
  server_dialogue d;
  event go;
  d.handlers.unary = [&](text request) -> task<text> {
    co_await go.wait();
    co_return request;
  };
  auto peer = d.client();
  peer.send(unary_request(1)).send(data(1).message("x").end()).send(goaway(0, no_error)).expect_silence();
  go.set();
  peer.expect(response(1)).expect(data(1).message("x")).expect(trailers(1)).expect_end();
  CHECK(d.served.connections() == 0);
}
