// SPDX-License-Identifier: Apache-2.0
#include "transport/connection.hpp"

#include "support/catch.hpp"
#include "unit/transport/client_connection.hpp"

using namespace sluice;
using namespace sluice::test;
TEST_CASE("a connection that drains takes no more streams, and closes behind the last one") {
  client_connection w;
  client_stream& c = w.make_stream();
  client_stream& late = w.make_stream();
  w.turn([&] {
    REQUIRE(w.ours->open(c, w.request));
    c.finish();
    w.ours->drain();
    CHECK_FALSE(w.ours->has_capacity());
    CHECK_FALSE(w.ours->open(late, w.request));
  });
  w.exchange();
  CHECK(w.peer.goaways.size() == 1);
  CHECK_FALSE(w.ours->closed());
  w.peer.respond(w.peer.streams.at(0), "last");
  w.exchange();
  CHECK(c.body == "last");
  CHECK(c.closed_for == errc::ok);
  CHECK(w.ours->closed());
}

TEST_CASE("closing ends every stream before it tells the owner, and says GOAWAY") {
  client_connection w;
  client_stream& one = w.make_stream();
  client_stream& two = w.make_stream();
  w.turn([&] {
    REQUIRE(w.ours->open(one, w.request));
    REQUIRE(w.ours->open(two, w.request));
  });
  w.exchange();
  w.log.clear();
  w.turn([&] { w.ours->close(errc::connection_closed, "enough"); });
  CHECK(w.log == std::vector<std::string>{"stream closed", "stream closed", "connection closed: enough"});
  CHECK(one.closed_for == errc::connection_closed);
  w.ours->close(errc::protocol_error, "again");
  CHECK(w.log.size() == 3);
  w.exchange();
  CHECK(w.peer.goaways.size() == 1);
}

TEST_CASE("a peer that hangs up closes the connection and its streams") {
  client_connection w;
  client_stream& c = w.make_stream();
  w.turn([&] { REQUIRE(w.ours->open(c, w.request)); });
  w.exchange();
  w.peer_end->close();
  w.run();
  CHECK(c.closed_for == errc::connection_closed);
  CHECK(w.log.back() == "connection closed: closed by the peer");
}

TEST_CASE("a peer that breaks HTTP/2 is told so, and the connection and its streams end") {
  client_connection w;
  client_stream& c = w.make_stream();
  w.turn([&] { REQUIRE(w.ours->open(c, w.request)); });
  w.exchange();
  // DATA on a stream that was never opened.
  REQUIRE(write_text(*w.peer_end, std::string_view{"\0\0\1\0\0\0\0\0\7x", 10}).bytes == 10);
  w.exchange();
  CHECK(c.closed_for);
  CHECK(c.closed_for != errc::ok);
  CHECK(w.ours->closed());
  REQUIRE(w.peer.goaways.size() == 1);
  CHECK(w.peer.goaways[0].starts_with("0, 1, "));  // PROTOCOL_ERROR
}

TEST_CASE("a peer that speaks another protocol closes the connection by its name") {
  asio::io_context io;
  auto const scheduler = coro::scheduler_of(io.get_executor());
  auto [bytes, peer_end] = testing::make_pipe(io.get_executor());
  struct owner final : transport::connection_owner {
    transport::stream* stream_opened() override { return nullptr; }
    void settings_received(transport::connection&) noexcept override {}
    void stream_closed(transport::connection&) noexcept override {}
    void goaway_received(transport::connection&, std::uint32_t, std::string_view) noexcept override {}
    void connection_closed(transport::connection&, errc why, std::string_view text) noexcept override {
      closed_for = why;
      said = text;
    }
    std::optional<errc> closed_for;
    std::string said;
  } told;
  auto const server =
      std::make_shared<transport::connection>(*scheduler, std::move(bytes), http2::session_options{});
  scheduler->turn([&] { server->start(told); });
  for (auto const* const piece : {"GET", " / HTTP/1.1\r\n\r\n"}) {
    CHECK_FALSE(told.closed_for);
    CHECK(read_text(*peer_end) == "(block)");  // a server does not speak first
    REQUIRE(write_text(*peer_end, piece).bytes != 0);
    io.restart();
    io.poll();
  }
  CHECK(told.closed_for == errc::not_http2);
  CHECK(told.said == "the client speaks HTTP/1.1, not HTTP/2");
  CHECK(read_text(*peer_end).starts_with("HTTP/1.1 505 "));
  CHECK(read_text(*peer_end) == "(end)");
  server->close(errc::connection_closed, "again");
  CHECK(told.closed_for == errc::not_http2);
}
