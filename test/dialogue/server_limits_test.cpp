// SPDX-License-Identifier: Apache-2.0
// What a client may do to a server's connection before it ends: peer_limits.
#include "dialogue/server_dialogue.hpp"
#include "support/catch.hpp"

#include <functional>

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr auto tick = 1ms;  // of the timer wheel
constexpr std::uint32_t burst = 50;
constexpr std::uint32_t per_second = 10;

struct limited_server : server_dialogue {
  explicit limited_server(server_options options = {.limits = {.abuse_burst = burst,
                                                               .abuse_per_second = per_second}})
      : server_dialogue{std::move(options)} {}
  void pass(duration time) {
    clock.advance(time);
    settle();
  }
  /// How many of these a client may send before the connection ends, up to some.
  int survived(scripted_peer& peer, std::function<void(scripted_peer&, std::uint32_t)> const& send) {
    constexpr int some = 1200;
    for (int i = 0; i != some; ++i) {
      send(peer, stream);
      stream += 2;
      peer.settle();
      if (served.connections() == 0) return i;
    }
    return some;
  }
  std::uint32_t stream = 3;
};

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

http2_frame pad_alone() { return http2_frame{frame_type::data, 1, http2_frame::pad, std::string(1, '\0')}; }

}  // namespace

TEST_CASE("each kind of frame without use is paid from the budget, and the GOAWAY names the last") {
  struct row {
    char const* name;
    int free;  // before the budget is touched
    std::function<void(scripted_peer&, std::uint32_t)> send;
  };
  std::vector<row> const all{
      {"empty DATA", 0, [](scripted_peer& peer, std::uint32_t) { peer.send(data(1)); }},
      {"empty DATA", 0, [](scripted_peer& peer, std::uint32_t) { peer.send(pad_alone()); }},
      {"PRIORITY", 0,
       [](scripted_peer& peer, std::uint32_t) {
         peer.send(http2_frame{frame_type::priority, 1, 0, std::string(5, '\0')});
       }},
      {"a frame of unknown type", 0,
       [](scripted_peer& peer, std::uint32_t) { peer.send(http2_frame{frame_type{200}, 0, 0, "x"}); }},
      {"SETTINGS", 9, [](scripted_peer& peer, std::uint32_t) { peer.send(settings()); }},
      {"WINDOW_UPDATE", 7, [](scripted_peer& peer, std::uint32_t) { peer.send(window_update(0, 1)); }},
      {"the answer to no PING", 0,
       [](scripted_peer& peer, std::uint32_t) { peer.send(ping_ack("12345678")); }},
      {"RST_STREAM", 1, [](scripted_peer& peer, std::uint32_t) { peer.send(rst_stream(1, cancel)); }},
      // MadeYouReset (CVE-2025-8671), in its several ways
      {"a stream error", 0,
       [](scripted_peer& peer, std::uint32_t id) {
         peer.send(bidi_request(id)).send(window_update(id, 0x7fffffff));
       }},
      {"a stream error", 0,
       [](scripted_peer& peer, std::uint32_t id) {
         peer.send(unary_request(id).field("content-length", "3")).send(data(id).message("x"));
       }},
      {"a stream error", 0,
       [](scripted_peer& peer, std::uint32_t id) { peer.send(unary_request(id).field("Upper", "case")); }},
      {"a stream error", 0,
       [](scripted_peer& peer, std::uint32_t id) { peer.send(unary_request(id).field("", "x")); }},
  };
  for (auto const& [name, free, send] : all) {
    CAPTURE(name);
    limited_server d;
    auto peer = d.client();
    peer.send(bidi_request(1)).settle();
    CHECK(d.survived(peer, send) == free + static_cast<int>(burst));
    CHECK(has(peer.read_raw(), "too many frames without use, the last: " + std::string{name}));
    CHECK(d.served.active_calls() == 0);
    REQUIRE(d.log.size() == 1);
    CHECK(has(d.log[0], "too many frames without use"));
  }
}

TEST_CASE("refused streams are paid from the budget") {
  limited_server d{{.max_concurrent_streams = 1, .limits = {.abuse_burst = burst}}};
  event go;
  d.handlers.unary = [&go](text request) -> task<text> {
    co_await go.wait_unstoppably();
    co_return request;
  };
  auto peer = d.client();
  // The handler of the reset stream goes on, and is the one that may run.
  peer.send(unary_request(1)).send(data(1).message("x").end()).settle();
  peer.send(rst_stream(1, cancel)).settle();
  auto const refused = [](scripted_peer& each, std::uint32_t id) { each.send(bidi_request(id)); };
  CHECK(d.survived(peer, refused) == burst);
  CHECK(has(peer.read_raw(), "the last: a refused stream"));
  go.set();
  d.settle();
}

TEST_CASE("the budget fills again, a few each second") {
  limited_server d;
  auto peer = d.client();
  peer.send(bidi_request(1)).settle();
  for (std::uint32_t i = 0; i != burst; ++i) peer.send(data(1)).settle();
  d.pass(1s);
  for (std::uint32_t i = 0; i != per_second; ++i) peer.send(data(1)).settle();
  CHECK(d.served.connections() == 1);
  peer.send(data(1)).settle();
  CHECK(d.served.connections() == 0);
}

TEST_CASE("by default a thousand frames without use are allowed") {
  limited_server d{{}};
  auto peer = d.client();
  peer.send(bidi_request(1)).settle();
  auto const empty = [](scripted_peer& each, std::uint32_t) { each.send(data(1)); };
  CHECK(d.survived(peer, empty) == 1000);
}

TEST_CASE("a flood in one read ends at the budget, too") {
  limited_server d;
  auto peer = d.client();
  peer.send(bidi_request(1)).settle();
  for (int i = 0; i != 5000; ++i) peer.send(data(1));
  CHECK(has(peer.read_raw(), "too many frames without use, the last: empty DATA"));
  CHECK(d.served.connections() == 0);
}

TEST_CASE("late frames with content on a stream that was reset are free") {
  limited_server d;
  auto peer = d.client();
  peer.send(unary_request(1).field("Upper", "case")).expect(rst_stream(1, protocol_error));
  for (int i = 0; i != 200; ++i) peer.send(data(1).message("late")).settle();
  CHECK(d.served.connections() == 1);
}

TEST_CASE("a client may reset so many streams at once, and a few each second (rapid reset)") {
  limited_server d{{.limits = {.reset_burst = burst, .resets_per_second = per_second}}};
  auto peer = d.client();
  auto const rapid = [](scripted_peer& each, std::uint32_t id) {
    each.send(bidi_request(id)).send(rst_stream(id, cancel));
  };
  for (std::uint32_t i = 0; i != burst; ++i, d.stream += 2) rapid(peer, d.stream);
  d.settle();
  d.pass(1s);
  CHECK(d.survived(peer, rapid) == per_second);
  CHECK(has(peer.read_raw(), "too many streams were reset"));
}

TEST_CASE("each stream that was answered lets the client reset another") {
  limited_server d{{.limits = {.reset_burst = 2, .resets_per_second = 0}}};
  auto peer = d.client();
  for (std::uint32_t id = 1; id != 81; id += 4) {
    peer.send(unary_request(id)).send(data(id).message("x").end());
    peer.expect(response(id)).expect(data(id).message("x")).expect(trailers(id));
    peer.send(bidi_request(id + 2)).send(rst_stream(id + 2, cancel)).settle();
  }
  CHECK(d.served.connections() == 1);
}

TEST_CASE("CONTINUATION frames are counted, however they are cut") {
  for (std::size_t const piece : {0U, 1U}) {
    limited_server d{{.limits = {.max_continuations = 5}}};
    auto peer = d.client();
    peer.split(piece).send(http2_frame{frame_type::headers, 1, 0, ""});
    for (int i = 0; i != 5; ++i) peer.send(http2_frame{frame_type::continuation, 1, 0, ""});
    peer.settle();
    CHECK(d.served.connections() == 1);
    peer.send(http2_frame{frame_type::continuation, 1, 0, ""});
    CHECK(has(peer.read_raw(), "too many CONTINUATION frames"));
    CHECK(d.served.connections() == 0);
  }
}

TEST_CASE("a stream id below one that was opened, and not opened itself, ends the connection") {
  limited_server d;
  auto peer = d.client();
  peer.send(bidi_request(5)).send(bidi_request(3));
  peer.expect_any(frame_type::goaway, 0);
  CHECK(d.served.connections() == 0);
  REQUIRE(d.log.size() == 1);
  CHECK(has(d.log[0], "HEADERS: stream id below one that was opened before"));
}

TEST_CASE("DATA or HEADERS on a stream that the client has ended or reset ends the connection") {
  for (bool const reset : {false, true})
    for (auto const& late : {data(1).message("x"), headers(1).field("x", "y").end()}) {
      limited_server d;
      auto peer = d.client();
      if (reset) peer.send(bidi_request(1)).send(rst_stream(1, cancel)).settle();
      else peer.send(unary_request(1)).send(data(1).message("x").end()).settle();
      peer.send(late);
      CHECK(has(peer.read_raw(), "DATA or HEADERS on a stream that was ended before"));
      CHECK(d.served.connections() == 0);
    }
}

TEST_CASE("a PRIORITY of the connection, or of a stream that depends on itself, ends the connection") {
  for (std::uint32_t const stream : {0U, 1U}) {
    limited_server d;
    auto peer = d.client();
    peer.send(http2_frame{frame_type::priority, stream, 0, {"\0\0\0\1\0", 5}});
    CHECK(has(peer.read_raw(), stream == 0 ? "PRIORITY: stream 0" : "PRIORITY: depends on itself"));
    CHECK(d.served.connections() == 0);
  }
}

// ---- time ------------------------------------------------------------------------------------------------------------

TEST_CASE("a client that does not come to its SETTINGS within the handshake's time is closed") {
  std::string const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  for (auto const& said : {std::string{}, preface.substr(0, 5), preface.substr(0, 20), preface,
                           preface + std::string("\0\0\6\4\0\0", 6)}) {
    CAPTURE(said.size());
    limited_server d;
    auto peer = d.connect();
    peer.send_raw(said).settle();
    d.pass(20s - tick);
    CHECK(d.served.connections() == 1);
    d.pass(2 * tick);
    CHECK(d.served.connections() == 0);
    REQUIRE(d.observer.closed.size() == 1);
    CHECK(d.observer.closed[0] == "no HTTP/2 preface and SETTINGS came within 20.0 s");
  }
}

TEST_CASE("a client that does not acknowledge SETTINGS in time is closed") {
  limited_server d;
  auto peer = d.connect();
  peer.begin_as_client().send(window_update(0, 1)).settle();
  d.pass(10s - tick);
  CHECK(d.served.connections() == 1);
  d.pass(2 * tick);
  CHECK(d.served.connections() == 0);
  CHECK(has(peer.read_raw(), "SETTINGS were not acknowledged within 10.0 s"));
}

TEST_CASE("a header block that is not complete in time ends the connection, however it drips") {
  limited_server d;
  auto peer = d.client();
  peer.send(http2_frame{frame_type::headers, 1, 0, ""}).settle();
  d.pass(5s);
  peer.send(http2_frame{frame_type::continuation, 1, 0, ""}).settle();
  d.pass(5s - tick);
  CHECK(d.served.connections() == 1);
  d.pass(2 * tick);
  CHECK(d.served.connections() == 0);
  CHECK(has(peer.read_raw(), "a header block was not complete within 10.0 s"));
}

TEST_CASE("half a HEADERS frame is a header block that is not complete") {
  limited_server d;
  auto peer = d.client();
  peer.send_raw({"\0\0\x20\1\5\0\0\0\1abc", 12}).settle();
  d.pass(10s + tick);
  CHECK(has(peer.read_raw(), "a header block was not complete within 10.0 s"));
}

TEST_CASE("each header block has its own time, and those that nobody wants end as well") {
  limited_server d;
  auto peer = d.client();
  std::string const block = "\x88";
  for (std::uint32_t id = 1; id != 11; id += 2) {
    http2_frame const split{frame_type::headers, id, 0, ""};
    peer.send(split).settle();
    d.pass(6s);
    peer.send(http2_frame{frame_type::continuation, id, http2_frame::end_headers, block}).settle();
  }
  peer.send(unary_request(1)).settle();  // late, on a stream that is gone
  d.pass(1min);
  CHECK(d.served.connections() == 1);
}

TEST_CASE("a client that reads nothing of its answer is closed, one that reads slowly is not") {
  for (bool const reads : {false, true}) {
    server_dialogue d{{.keepalive = {.time = duration::max()}}};
    d.handlers.unary = [](text) -> task<text> { co_return text{std::string(200'000, 'b')}; };
    pipe_options narrow;
    narrow.capacity = 10'000;
    auto peer = d.connect(std::move(narrow));
    peer.begin_as_client(settings({{setting_initial_window, 1'000'000}})).send(window_update(0, 1'000'000));
    peer.expect(settings()).send(unary_request(1)).send(data(1).message("x").end()).expect(response(1));
    for (int i = 0; i != 5; ++i) {
      d.clock.advance(15s);
      d.settle();
      if (reads) static_cast<void>(peer.expect_any(frame_type::data, 1));
    }
    CHECK(d.served.connections() == (reads ? 1 : 0));
    if (!reads) CHECK(d.observer.closed.at(0) == "the peer took nothing of what was sent for 20.0 s");
  }
}

TEST_CASE("a server stops reading a client that makes it send and reads nothing, and closes it in the end") {
  limited_server d{{.limits = {.abuse_burst = 1'000'000, .max_queued_frames = 100}}};
  pipe_options narrow;
  narrow.capacity = 2000;
  auto peer = d.connect(std::move(narrow));
  peer.begin_as_client().settle();
  peer.expect(settings()).send(bidi_request(1)).settle();
  auto const flood = [&] {
    for (std::uint32_t id = 3; id != 20'003; id += 2) peer.send(unary_request(id).field("Upper", "case"));
  };
  CHECK_THROWS_AS(flood(), dialogue_error);  // the pipe is full
  auto const read = d.record->bytes_read;
  CHECK(read < 100'000);
  d.pass(19s);
  CHECK(d.record->bytes_read == read);
  CHECK(d.served.connections() == 1);
  d.pass(2s);
  CHECK(d.served.connections() == 0);
}
