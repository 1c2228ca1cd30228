// SPDX-License-Identifier: Apache-2.0
// How a stream's receive window opens and grows.
#include "dialogue/client_dialogue.hpp"
#include "dialogue/server_dialogue.hpp"
#include "support/catch.hpp"

#include <boost/asio/detached.hpp>

#include <deque>

using namespace sluice;
using namespace sluice::test;

namespace {

// A message that is 16,000 bytes on the wire.
http2_frame piece(std::uint32_t stream) { return data(stream).message(std::string(15'995, 'p')); }

}  // namespace

TEST_CASE("a reader that does not ask withholds its stream's window") {
  server_dialogue d{{.stream_window = 65'535, .connection_window = 65'535}};
  event go;
  d.handlers.client_streaming = [&](generator<text> items) -> task<text> {
    std::size_t total = 0;
    co_await go.wait();
    while (auto* const item = co_await items.next()) total += item->value.size();
    co_return text{std::to_string(total)};
  };
  auto peer = d.client();
  peer.send(client_request(1));
  for (int i = 0; i != 6; ++i) peer.send(data(1).message(std::string(9'995, 'z')));
  peer.expect_silence();
  CHECK(peer.window_given(1) == 0);
  go.set();
  peer.expect_silence();
  CHECK(peer.window_given(1) >= 32'768);  // given back in pieces of half a window
  peer.send(data(1).message("").end());
  peer.expect(response(1)).expect(data(1).message("59970")).expect(trailers(1));
}

TEST_CASE("a message larger than the window comes through to a reader that waits") {
  server_dialogue d{{.stream_window = 20'000}};
  auto peer = d.client();
  std::string const whole = data(1).message(std::string(50'000, 'w')).payload;
  peer.send(client_request(1)).send(data(1).bytes(whole.substr(0, 16'000)));
  peer.expect_any(frame_type::ping, 0);  // is the window large enough?
  peer.expect_silence();
  CHECK(peer.window_given(1) == 180'020);  // four messages with their prefixes, less the window
  peer.send(data(1).bytes(whole.substr(16'000, 16'000))).expect_silence();
  peer.send(data(1).bytes(whole.substr(32'000, 16'000))).expect_silence();
  peer.send(data(1).bytes(whole.substr(48'000)).end()).expect(response(1));
  CHECK(peer.expect_data(1, 50'005) == whole);
}

TEST_CASE("a client that sends beyond its stream's window has the stream reset, and the handler stopped") {
  server_dialogue d{{.stream_window = 10}};
  event never;
  d.handlers.client_streaming = [&](generator<text>) -> task<text> {
    co_await never.wait();
    co_return text{};
  };
  auto peer = d.client();
  peer.send(client_request(1)).send(data(1).message("far too much for ten"));
  peer.expect(rst_stream(1, flow_control_error)).expect_silence();
  CHECK(d.served.active_calls() == 0);
}

TEST_CASE("a window that is used up within a round trip doubles, up to the connection's") {
  server_dialogue d{{.stream_window = 64'000, .connection_window = 200'000}};
  auto peer = d.client();
  peer.send(client_request(1)).send(piece(1)).expect_silence();
  auto const round_trip = [&](int pieces, std::uint64_t more) {
    auto const asked = peer.send(piece(1)).expect_any(frame_type::ping, 0);
    for (int i = 0; i != pieces; ++i) peer.send(piece(1));
    auto const given = peer.expect_silence().window_given(1);
    peer.send(ping_ack(asked.payload)).expect_silence();
    CHECK(peer.window_given(1) == given + more);
    d.clock.advance(20ms);
  };
  round_trip(2, 64'000);  // 32,000 are more than a quarter of 64,000
  round_trip(3, 72'000);
  for (int i = 0; i != 50; ++i) peer.send(piece(1));
  peer.send(data(1).message("").end()).expect(response(1));  // no PING any more
}

TEST_CASE("a window that is large enough stays, and the pause to the next look doubles") {
  server_dialogue d{{.stream_window = 64'000}};
  auto peer = d.client();
  peer.send(client_request(1)).send(piece(1)).send(piece(1));
  for (duration const pause : {duration{40ms}, duration{80ms}, duration{160ms}}) {
    auto const asked = peer.expect_any(frame_type::ping, 0);
    auto const given = peer.expect_silence().window_given(1);
    peer.send(ping_ack(asked.payload)).send(piece(1)).send(piece(1)).expect_silence();
    CHECK(peer.window_given(1) == given + 32'000);
    d.clock.advance(pause - 1ms);
    peer.send(piece(1)).send(piece(1)).expect_silence();
    d.clock.advance(1ms);
    peer.send(piece(1)).send(piece(1));
  }
  peer.expect_any(frame_type::ping, 0);
}

TEST_CASE("streams whose windows are large enough put off the looks at others for no longer than 640 ms") {
  server_dialogue d{{.stream_window = 64'000}};
  auto peer = d.client();
  peer.send(client_request(1)).send(client_request(3));
  for (int i = 0; i != 12; ++i) {
    auto const asked = peer.send(piece(1)).send(piece(1)).expect_any(frame_type::ping, 0);
    peer.send(ping_ack(asked.payload)).expect_silence();
    d.clock.advance(10'240ms);
  }
  auto const asked = peer.send(piece(1)).send(piece(1)).expect_any(frame_type::ping, 0);
  peer.send(ping_ack(asked.payload)).expect_silence();
  d.clock.advance(639ms);
  peer.send(piece(3)).send(piece(3)).expect_silence();
  d.clock.advance(1ms);
  auto const next = peer.send(piece(3)).send(piece(3)).expect_any(frame_type::ping, 0);
  peer.send(piece(3)).expect_silence();
  peer.send(ping_ack(next.payload)).expect_silence();  // grows: no pause is long any more
  d.clock.advance(20ms);
  peer.send(piece(3)).send(piece(3)).expect_any(frame_type::ping, 0);
}

TEST_CASE("a stream that ends before the answer was looked at in vain") {
  server_dialogue d{{.stream_window = 64'000}};
  event never;
  d.handlers.client_streaming = [&](generator<text> items) -> task<text> {
    while (co_await items.next() != nullptr) {}
    co_await never.wait();
    co_return text{};
  };
  auto peer = d.client();
  peer.send(client_request(1)).send(client_request(3));
  auto const asked = peer.send(piece(1)).send(piece(1)).expect_any(frame_type::ping, 0);
  peer.send(piece(1)).send(data(1).message("").end()).expect_silence();
  auto const given = peer.window_given(1);
  peer.send(ping_ack(asked.payload)).expect_silence();
  CHECK(peer.window_given(1) == given);
  d.clock.advance(39ms);
  peer.send(piece(3)).send(piece(3)).expect_silence();
  d.clock.advance(1ms);
  peer.send(piece(3)).send(piece(3)).expect_any(frame_type::ping, 0);
}

TEST_CASE("a window that fills while nobody reads is not too small") {
  server_dialogue d{{.stream_window = 64'000}};
  event go;
  d.handlers.client_streaming = [&](generator<text> items) -> task<text> {
    co_await go.wait();
    while (co_await items.next() != nullptr) {}
    co_return text{};
  };
  auto peer = d.client();
  peer.send(client_request(1));
  for (int i = 0; i != 4; ++i) peer.send(piece(1));
  peer.expect_silence();
  go.set();
  auto const asked = peer.expect_any(frame_type::ping, 0);
  auto const given = peer.expect_silence().window_given(1);
  peer.send(ping_ack(asked.payload)).expect_silence();
  CHECK(peer.window_given(1) == given);
}

TEST_CASE("one PING looks at one window; its answer is for nobody when the stream has gone") {
  server_dialogue d{{.stream_window = 64'000}};
  auto peer = d.client();
  peer.send(client_request(1)).send(client_request(3));
  auto const asked = peer.send(piece(1)).send(piece(1)).expect_any(frame_type::ping, 0);
  for (int i = 0; i != 4; ++i) peer.send(piece(3)).expect_silence();
  peer.send(rst_stream(1, cancel))
      .send(ping_ack(asked.payload))
      .send(ping_ack(asked.payload))
      .expect_silence();
  CHECK(peer.window_given(3) == 64'000);
  d.clock.advance(40ms);
  auto const next = peer.send(piece(3)).expect_any(frame_type::ping, 0);
  peer.send(piece(3)).send(piece(3)).expect_silence();
  auto const given = peer.window_given(3);
  peer.send(ping_ack(next.payload)).expect_silence();
  CHECK(peer.window_given(3) == given + 64'000);
}

TEST_CASE("a PING that is never answered is the last one") {
  server_dialogue d{{.stream_window = 64'000}};
  auto peer = d.client();
  peer.send(client_request(1)).send(piece(1)).send(piece(1)).expect_any(frame_type::ping, 0);
  d.clock.advance(1min);
  for (int i = 0; i != 20; ++i) peer.send(piece(1)).expect_silence();
}

TEST_CASE("between two PINGs the peer has sent DATA behind the answer to the first one") {
  server_dialogue d{{.stream_window = 64'000}};
  std::deque<event> turns(2);
  std::size_t begun = 0;
  d.handlers.client_streaming = [&](generator<text> items) -> task<text> {
    co_await turns[begun++].wait();
    while (co_await items.next() != nullptr) {}
    co_return text{};
  };
  auto peer = d.client();
  for (std::uint32_t const id : {1U, 3U}) {
    peer.send(client_request(id));
    for (int i = 0; i != 3; ++i) peer.send(piece(id));
  }
  peer.expect_silence();
  turns[0].set();
  auto const asked = peer.expect_any(frame_type::ping, 0);
  peer.send(ping_ack(asked.payload)).expect_silence();
  d.clock.advance(1s);
  turns[1].set();
  peer.expect_silence();  // what is read now was sent before the answer
  CHECK(peer.window_given(3) >= 32'000);
  peer.send(piece(3)).expect_any(frame_type::ping, 0);
}

TEST_CASE("a client's windows grow in the same way") {
  outcome out;
  client_dialogue d{{.stream_window = 64'000}};
  spawn(d.io, run_server_streaming(d.through, text{"x"}, {}, out), boost::asio::detached);
  auto peer = d.server();
  peer.expect_any(frame_type::headers, 1);
  peer.expect_any(frame_type::data, 1);
  auto const asked = peer.send(response(1)).send(piece(1)).send(piece(1)).expect_any(frame_type::ping, 0);
  peer.send(piece(1)).send(piece(1)).expect_silence();
  peer.send(ping_ack(asked.payload)).expect_silence();
  CHECK(peer.window_given(1) == 64'000 + 64'000);
}
