// SPDX-License-Identifier: Apache-2.0
#include "dialogue/server_dialogue.hpp"
#include "support/catch.hpp"

using namespace sluice;
using namespace sluice::test;

TEST_CASE("messages that a generator yields in one turn leave in one DATA frame") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(server_request(1)).send(data(1).message("n").end());
  peer.expect(response(1)).expect(data(1).message("n1").message("n2").message("n3")).expect(trailers(1));
}

TEST_CASE("a slow generator's messages leave one by one, each at the end of its turn") {
  server_dialogue d;
  d.handlers.server_streaming = [](text) -> generator<text> {
    for (int i = 0; i != 3; ++i) {
      co_await sleep_for(1s);  // sleep: of the manual clock
      co_yield text{std::to_string(i)};
    }
  };
  auto peer = d.client();
  peer.send(server_request(1)).send(data(1).message("x").end()).expect_silence();
  d.clock.advance(1s);
  peer.expect(response(1)).expect(data(1).message("0")).expect_silence();
  d.clock.advance(1s);
  peer.expect(data(1).message("1"));
  d.clock.advance(1s);
  peer.expect(data(1).message("2")).expect(trailers(1));
}

TEST_CASE("a client stream starts its handler with the headers, and ends with the half-close") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(client_request(1)).expect_silence();
  CHECK(d.served.active_calls() == 1);
  peer.send(data(1).message("a").message("b")).send(data(1).message("")).expect_silence();
  peer.send(data(1).message("c").end());
  peer.expect(response(1)).expect(data(1).message("abc")).expect(trailers(1));
}

TEST_CASE("a client stream without messages is an empty one") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(client_request(1).end());
  peer.expect(response(1)).expect(data(1).message("")).expect(trailers(1));
  peer.send(bidi_request(3).end()).expect(trailers_only(3, code::ok));
}

TEST_CASE("a bidirectional call answers each message before the next one comes") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(bidi_request(1)).send(data(1).message("one"));
  peer.expect(response(1)).expect(data(1).message("one")).expect_silence();
  peer.send(data(1).message("two")).expect(data(1).message("two")).expect_silence();
  peer.send(data(1).end()).expect(trailers(1));
  CHECK(d.served.active_calls() == 0);
}

TEST_CASE("a stream that ends inside a message is INTERNAL, and its handler is stopped") {
  server_dialogue d;
  std::vector<std::string> seen;
  d.handlers.client_streaming = [&](generator<text> items) -> task<text> {
    try {
      while (auto* const item = co_await items.next()) seen.push_back(item->value);
      seen.emplace_back("end");
    } catch (status_error const& error) { seen.emplace_back(to_string(error.code())); }
    co_return text{};
  };
  auto peer = d.client();
  peer.send(client_request(1)).send(data(1).message("whole").bytes({"\0\0\0\0\x05ha", 7}).end());
  peer.expect(trailers_only(1, code::internal));
  CHECK(seen == std::vector<std::string>{"whole", "CANCELLED"});
}

TEST_CASE("a generator ends with a status after its messages") {
  server_dialogue d;
  d.handlers.server_streaming = [](text) -> generator<text> {
    co_yield text{"first"};
    co_yield status{code::data_loss, "then nothing"};
  };
  auto peer = d.client();
  peer.send(server_request(1)).send(data(1).message("x").end());
  peer.expect(response(1)).expect(data(1).message("first")).expect(trailers(1, code::data_loss));
}

TEST_CASE("a generator that throws before its first message ends trailers-only") {
  server_dialogue d;
  d.handlers.server_streaming = [](text) -> generator<text> {
    throw status_error{code::permission_denied, "no"};
    co_yield text{};
  };
  auto peer = d.client();
  peer.send(server_request(1))
      .send(data(1).message("x").end())
      .expect(trailers_only(1, code::permission_denied));
}

TEST_CASE("a server that ends early resets the stream with NO_ERROR after its trailers") {
  server_dialogue d;
  d.handlers.client_streaming = [](generator<text> items) -> task<text> {
    auto* const first = co_await items.next();
    co_return *first;
  };
  auto peer = d.client();
  peer.send(client_request(1)).send(data(1).message("enough"));
  peer.expect(response(1))
      .expect(data(1).message("enough"))
      .expect(trailers(1))
      .expect(rst_stream(1, no_error));
  // What the client had sent meanwhile is no offence.
  peer.send(data(1).message("late").end()).expect_silence();
  peer.send(unary_request(3)).send(data(3).message("x").end());
  peer.expect(response(3)).expect(data(3).message("x")).expect(trailers(3));
}

TEST_CASE("a stream's window of zero suspends co_yield when its buffer is full") {
  server_dialogue d;
  int yielded = 0;
  d.handlers.server_streaming = [&](text) -> generator<text> {
    for (; yielded != 100; ++yielded) co_yield text{std::string(1019, 'x')};  // 1024 with its prefix
  };
  auto peer = d.client(settings({{setting_initial_window, 0}}));
  peer.send(server_request(1)).send(data(1).message("go").end()).expect(response(1)).expect_silence();
  CHECK(yielded == 31);  // the buffer of 32 KiB is full, and the one that filled it waits in its co_yield
  peer.send(window_update(1, 1)).expect(data(1).bytes({"\0", 1})).expect_silence();
  CHECK(yielded == 32);  // room again: one more
  peer.send(window_update(1, 102'400)).send(window_update(0, 102'400));
  std::string const all = peer.expect_data(1, 102'399);
  CHECK(all.substr(0, 5) == std::string{"\0\0\x03\xfbx", 5});
  CHECK(yielded == 100);
  peer.expect(trailers(1));
}

TEST_CASE("trailers need no window") {
  server_dialogue d;
  auto peer = d.client(settings({{setting_initial_window, 0}}));
  d.handlers.unary = [](text) -> task<text> {
    server_call& call = co_await this_call;
    call.send_initial_metadata();
    co_await sleep_for(1s);  // sleep: of the manual clock
    co_return status{code::aborted, "no message"};
  };
  peer.send(unary_request(1)).send(data(1).message("x").end()).expect(response(1)).expect_silence();
  d.clock.advance(1s);
  peer.expect(trailers(1, code::aborted));
}

TEST_CASE("the connection's window holds back all streams, and each gets its share of what is given") {
  server_dialogue d;
  d.handlers.unary = [](text) -> task<text> { co_return text{std::string(60'000, 'y')}; };
  auto peer = d.client();
  for (std::uint32_t const id : {1U, 3U}) peer.send(unary_request(id)).send(data(id).message("x").end());
  peer.expect(response(1)).expect(response(3));
  std::size_t got = 0;
  std::map<std::uint32_t, std::size_t> shares;
  while (got != 65'535) {
    auto const id = shares[1] <= shares[3] ? 1U : 3U;
    auto const size = peer.expect_any(frame_type::data, id).payload.size();
    shares[id] += size;
    got += size;
  }
  peer.expect_silence();
  CHECK(shares[1] < 40'000);
  CHECK(shares[3] < 40'000);
}
