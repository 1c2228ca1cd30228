// SPDX-License-Identifier: Apache-2.0
// How calls and connections end that nobody finished: deadlines, cancellation, loss, shutdown.
#include "dialogue/server_dialogue.hpp"
#include "support/catch.hpp"

#include <boost/asio/detached.hpp>

using namespace sluice;
using namespace sluice::test;

namespace {

/// A handler of each kind that waits until it is stopped, and says why it was.
struct waiting_handlers {
  explicit waiting_handlers(server_dialogue& d) {
    d.handlers.unary = [this](text) -> task<text> {
      co_await wait();
      co_return text{};
    };
    d.handlers.server_streaming = [this](text) -> generator<text> {
      co_yield text{"first"};
      co_await wait();
    };
    d.handlers.client_streaming = [this](generator<text> items) -> task<text> {
      co_await read(items);
      co_return text{};
    };
    d.handlers.bidi = [this](generator<text> items) -> generator<text> {
      co_yield text{"first"};
      co_await read(items);
    };
  }
  task<void> wait() {
    stop_token const stop = co_await this_stop;
    try {
      co_await never.wait();
    } catch (status_error const& error) {
      note(stop, error);
      throw;
    }
  }
  task<void> read(generator<text>& items) {
    stop_token const stop = co_await this_stop;
    try {
      while (co_await items.next()) {}
    } catch (status_error const& error) {
      note(stop, error);
      throw;
    }
  }
  void note(stop_token stop, status_error const& error) {
    stops.push_back(std::string{to_string(stop.reason())} + ", " + std::string{to_string(error.code())});
  }
  event never;
  std::vector<std::string> stops;
};

using strings = std::vector<std::string>;

/// One waiting call of each kind: streams 1, 3, 5, 7.
void start_one_of_each(scripted_peer& peer, std::string_view timeout = {}) {
  auto const timed = [timeout](http2_frame frame) {
    if (!timeout.empty()) frame.field("grpc-timeout", timeout);
    return frame;
  };
  peer.send(timed(unary_request(1))).send(data(1).message("x").end());
  peer.send(timed(server_request(3))).send(data(3).message("x").end());
  peer.expect(response(3)).expect(data(3).message("first"));
  peer.send(timed(client_request(5))).send(data(5).message("x")).expect_silence();
  peer.send(timed(bidi_request(7))).expect(response(7)).expect(data(7).message("first")).expect_silence();
}

}  // namespace

TEST_CASE("a deadline ends each kind of call by the server's own clock, and stops its handler") {
  server_dialogue d;
  waiting_handlers handlers{d};
  auto peer = d.client();
  start_one_of_each(peer, "100m");
  d.clock.advance(99ms);
  peer.expect_silence();
  d.clock.advance(2ms);
  peer.expect(trailers_only(1, code::deadline_exceeded));
  peer.expect(trailers(3, code::deadline_exceeded));
  peer.expect(trailers_only(5, code::deadline_exceeded));
  peer.expect(trailers(7, code::deadline_exceeded))
      .expect(rst_stream(5, no_error))
      .expect(rst_stream(7, no_error));
  CHECK(handlers.stops == strings(4, "deadline, DEADLINE_EXCEEDED"));
  CHECK(d.served.active_calls() == 0);
}

TEST_CASE("at its deadline a call ends although the client's window is closed") {
  server_dialogue d;
  d.handlers.server_streaming = [](text) -> generator<text> { co_yield text{std::string(100, 'x')}; };
  auto peer = d.client(settings({{setting_initial_window, 10}}));
  peer.send(server_request(1).field("grpc-timeout", "100m")).send(data(1).message("x").end());
  peer.expect(response(1));
  CHECK(peer.expect_data(1, 10).size() == 10);
  peer.expect_silence();
  d.clock.advance(101ms);
  peer.expect_silence();  // the handler had ended in good order: what it said is still owed
  peer.send(window_update(1, 200));
  CHECK(peer.expect_data(1, 95).size() == 95);
  peer.expect(trailers(1));

  d.handlers.server_streaming = [](text) -> generator<text> {
    co_yield text{std::string(100, 'x')};
    co_await sleep_for(1s);  // sleep: of the manual clock
  };
  peer.send(server_request(3).field("grpc-timeout", "100m")).send(data(3).message("x").end());
  peer.expect(response(3));
  CHECK(peer.expect_data(3, 10).size() == 10);
  d.clock.advance(101ms);
  peer.expect(trailers(3, code::deadline_exceeded)).expect_silence();
  CHECK(d.served.active_calls() == 0);
}

TEST_CASE("a deadline counts before the request is there") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(unary_request(1).field("grpc-timeout", "1S")).expect_silence();
  d.clock.advance(1s + 1ms);
  peer.expect(trailers_only(1, code::deadline_exceeded)).expect(rst_stream(1, no_error));
  CHECK(d.served.active_calls() == 0);
}

TEST_CASE("headers that take longer than the call's timeout start no handler") {
  server_dialogue d;
  int begun = 0;
  d.handlers.bidi = [&](generator<text> items) {
    ++begun;
    return items;
  };
  auto peer = d.client();
  http2_frame begin = bidi_request(1).field("grpc-timeout", "100m");
  begin.flags = static_cast<std::uint8_t>(begin.flags & ~http2_frame::end_headers);
  peer.send(begin).settle();
  d.clock.advance(101ms);
  peer.send(http2_frame{frame_type::continuation, 1, http2_frame::end_headers});
  peer.expect(trailers_only(1, code::deadline_exceeded)).expect(rst_stream(1, no_error));
  CHECK(begun == 0);
  CHECK(d.served.active_calls() == 0);
}

TEST_CASE("the handler sees its deadline; a call that ends in time is not touched by it") {
  server_dialogue d;
  deadline seen;
  d.handlers.unary = [&](text request) -> task<text> {
    seen = (co_await this_call).deadline();
    co_return request;
  };
  auto peer = d.client();
  peer.send(unary_request(1).field("grpc-timeout", "250m")).send(data(1).message("x").end());
  peer.expect(response(1)).expect(data(1).message("x")).expect(trailers(1));
  CHECK(seen == deadline::after(d.clock.now(), 250ms));
  d.clock.advance(1s);
  peer.expect_silence();
}

TEST_CASE("a client's RST_STREAM stops the handler at once, in each kind of call") {
  server_dialogue d;
  waiting_handlers handlers{d};
  auto peer = d.client();
  start_one_of_each(peer);
  for (std::uint32_t const id : {1U, 3U, 5U, 7U}) peer.send(rst_stream(id, cancel));
  peer.expect_silence();
  CHECK(handlers.stops == strings(4, "client_cancelled, CANCELLED"));
  CHECK(d.served.active_calls() == 0);
  CHECK(d.observer.ended.size() == 4);
}

TEST_CASE("a call that is cancelled in the read that brought it is never handled") {
  server_dialogue d;
  bool ran = false;
  d.handlers.unary = [&](text) -> task<text> {
    ran = true;
    co_return text{};
  };
  auto peer = d.client();
  peer.send(unary_request(1)).send(data(1).message("x").end()).send(rst_stream(1, cancel)).expect_silence();
  CHECK_FALSE(ran);
  CHECK(d.served.active_calls() == 0);
}

TEST_CASE("a generator that waits for room is dropped when its call is reset") {
  server_dialogue d;
  struct witness {
    ~witness() { ++*count; }
    int* count;
  };
  int destroyed = 0;
  d.handlers.server_streaming = [&](text) -> generator<text> {
    witness const here{&destroyed};
    for (;;) co_yield text{std::string(10'000, 'x')};
  };
  auto peer = d.client(settings({{setting_initial_window, 0}}));
  peer.send(server_request(1)).send(data(1).message("x").end()).expect(response(1)).expect_silence();
  CHECK(destroyed == 0);
  peer.send(rst_stream(1, cancel)).expect_silence();
  CHECK(destroyed == 1);
  CHECK(d.served.active_calls() == 0);
}

TEST_CASE("a lost connection stops the handlers of all its calls") {
  for (bool const orderly : {true, false}) {
    server_dialogue d;
    waiting_handlers handlers{d};
    auto peer = d.client();
    start_one_of_each(peer);
    if (orderly) peer.half_close();
    else peer.close();
    d.settle();
    CHECK(handlers.stops == strings(4, "connection_lost, UNAVAILABLE"));
    CHECK(d.served.connections() == 0);
    CHECK(d.served.active_calls() == 0);
  }
}

TEST_CASE("a connection may be lost in every state of its beginning") {
  for (std::size_t size = 0; size != 24 + 9 + 1; ++size) {
    server_dialogue d;
    auto peer = d.connect();
    peer.send_raw(std::string{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33}.substr(0, size))
        .settle();
    CHECK(d.served.connections() == 1);
    peer.close();
    d.settle();
    CHECK(d.served.connections() == 0);
  }
}

TEST_CASE("calls above the limit are refused, and a reset call counts until its handler has ended") {
  server_dialogue d{{.max_concurrent_streams = 1}};
  event go;
  d.handlers.unary = [&](text request) -> task<text> {
    co_await go.wait_unstoppably();
    co_return request;
  };
  auto peer = d.connect();
  peer.begin_as_client().expect(settings({{setting_max_streams, 1}})).expect(settings_ack()).settle();
  peer.send(unary_request(1)).send(data(1).message("a").end()).expect_silence();
  peer.send(rst_stream(1, cancel)).expect_silence();
  CHECK(d.served.active_calls() == 1);
  peer.send(unary_request(3)).send(data(3).message("b").end()).expect(rst_stream(3, refused_stream));
  go.set();
  peer.expect_silence();
  peer.send(unary_request(5)).send(data(5).message("c").end());
  peer.expect(response(5)).expect(data(5).message("c")).expect(trailers(5));
}

TEST_CASE("a graceful end announces itself, asks, and then names the last stream") {
  server_dialogue d;
  event go;
  bool drained = false;
  d.handlers.unary = [&](text request) -> task<text> {
    co_await go.wait();
    drained = (co_await this_call).drain().stop_requested();
    co_return request;
  };
  auto peer = d.client();
  peer.send(unary_request(1)).send(data(1).message("under way").end()).settle();
  d.served.stop(10s);
  peer.expect(goaway(0x7fffffff, no_error));
  auto const asked = peer.expect_any(frame_type::ping, 0);
  // Sent before the client read the notice: it is still taken.
  peer.send(unary_request(3)).send(data(3).message("crossed").end());
  peer.send(ping_ack(asked.payload)).expect(goaway(3, no_error)).expect_silence();
  go.set();
  peer.expect(response(1)).expect(response(3));
  peer.expect(data(1).message("under way")).expect(trailers(1));
  peer.expect(data(3).message("crossed")).expect(trailers(3)).expect_end();
  CHECK(drained);
  CHECK(d.served.connections() == 0);
}

TEST_CASE("a hard stop ends the handlers that are left after the grace") {
  server_dialogue d;
  waiting_handlers handlers{d};
  auto peer = d.client();
  start_one_of_each(peer);
  bool over = false;
  auto ended = [](server& it, bool& flag) -> task<void> {
    co_await it.shutdown(5s);
    flag = true;
  };
  spawn(d.io, ended(d.served, over), boost::asio::detached);
  peer.expect(goaway(0x7fffffff, no_error));
  auto const asked = peer.expect_any(frame_type::ping, 0);
  peer.send(ping_ack(asked.payload)).expect(goaway(7, no_error)).expect_silence();
  d.clock.advance(4s);
  peer.expect_silence();
  CHECK_FALSE(over);
  d.clock.advance(1s + 1ms);
  d.settle();
  CHECK(handlers.stops == strings(4, "shutdown, UNAVAILABLE"));
  CHECK(over);
  CHECK(d.served.connections() == 0);
}

TEST_CASE("a handler that never returns is dropped with its server") {
  bool dropped = false;
  struct witness {
    ~witness() { *flag = true; }
    bool* flag;
  };
  event never;
  server_dialogue d;
  auto doomed = std::make_unique<server>(d.io.get_executor(),
                                         server_options{.log = [](log_level, std::string_view) {}});
  doomed->add(d.handlers);
  d.handlers.unary = [&](text) -> task<text> {
    witness const here{&dropped};
    co_await never.wait_unstoppably();
    co_return text{};
  };
  auto [client, server_end] = make_pipe(d.io.get_executor());
  doomed->serve(std::move(server_end));
  scripted_peer peer{d.io, std::move(client)};
  peer.begin_as_client().send(unary_request(1)).send(data(1).message("x").end()).settle();
  doomed->stop(0s);
  d.settle();
  CHECK(doomed->connections() == 0);
  CHECK(doomed->active_calls() == 1);
  CHECK_FALSE(dropped);
  doomed.reset();
  CHECK(dropped);
}

TEST_CASE("an idle server stops at once, also while a client has said nothing yet") {
  server_dialogue d;
  auto silent = d.connect();
  silent.settle();
  CHECK(d.served.connections() == 1);
  d.served.stop(1h);
  silent.expect_end();
  CHECK(d.served.connections() == 0);
}

TEST_CASE("a server that has stopped closes what it is given to serve") {
  server_dialogue d;
  d.served.stop(0s);
  d.settle();
  auto late = d.connect();
  late.expect_end();
  CHECK(d.served.connections() == 0);
}
