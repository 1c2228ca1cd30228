// SPDX-License-Identifier: Apache-2.0
#include "transport/connection.hpp"

#include <sluice/net/asio_stream.hpp>
#include <sluice/testing/manual_clock.hpp>

#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "support/catch.hpp"
#include "unit/net/run_until.hpp"
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

TEST_CASE("a connection whose stream ids are used up says so once, as by a GOAWAY, and its streams finish") {
  constexpr std::int32_t last_id = 0x7fffffff;
  // An owner that lets go of it, as a subchannel does.
  struct leaving_owner : client_connection {
    using client_connection::client_connection;
    void goaway_received(transport::connection& on, std::uint32_t error,
                         std::string_view text) noexcept override {
      client_connection::goaway_received(on, error, text);
      on.drain();
    }
  } w{{}, last_id};
  client_stream& last = w.make_stream();
  client_stream& late = w.make_stream();
  client_stream& later = w.make_stream();
  w.log.clear();
  w.turn([&] {
    REQUIRE(w.ours->open(last, w.request));
    last.finish();
  });
  CHECK(last.id() == last_id);
  CHECK(w.ours->has_capacity());
  w.turn([&] {
    CHECK_FALSE(w.ours->open(late, w.request));
    CHECK_FALSE(w.ours->open(later, w.request));
    CHECK(w.log.empty());  // whoever opens is not called back from inside
  });
  w.turn([&] { CHECK_FALSE(w.ours->open(later, w.request)); });
  w.exchange();
  CHECK(w.log == std::vector<std::string>{"goaway the connection's stream ids are used up"});
  CHECK_FALSE(w.ours->has_capacity());
  CHECK_FALSE(late.open());
  w.peer.respond(w.peer.streams.at(0), "answer");
  w.exchange();
  CHECK(last.body == "answer");
  CHECK(last.closed_for == errc::ok);
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
  CHECK(c.closed_for == errc::protocol_error);
  CHECK(w.log.back() == "connection closed: DATA: stream in idle");
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

TEST_CASE("a server's connection over Asio's socket that closes while its client sends gives its answer") {
  using socket_type = asio::local::stream_protocol::socket;
  asio::io_context io;
  testing::manual_clock clock{io.get_executor()};
  auto const scheduler = coro::scheduler_of(io.get_executor());
  socket_type mine{io};
  socket_type other{io};
  asio::local::connect_pair(mine, other);
  other.non_blocking(true);
  struct owner final : transport::connection_owner {
    transport::stream* stream_opened() override { return &served; }
    void settings_received(transport::connection&) noexcept override {}
    void stream_closed(transport::connection&) noexcept override {}
    void goaway_received(transport::connection&, std::uint32_t, std::string_view) noexcept override {}
    void connection_closed(transport::connection&, errc, std::string_view) noexcept override {}
    std::vector<std::string> log;
    client_stream served{log};
  } told;
  auto const server = std::make_shared<transport::connection>(*scheduler, make_asio_stream(std::move(mine)),
                                                              http2::session_options{});
  machine client{{.side = http2::side::client}};
  stream_end call;
  call.outgoing = "question";
  REQUIRE(client.open(call) == errc::ok);
  std::string unsaid = client.sent();
  boost::system::error_code end;
  auto const converse = [&] {
    boost::system::error_code error;
    if (!unsaid.empty()) unsaid.erase(0, other.write_some(asio::buffer(unsaid), error));
    std::array<char, 4096> bytes{};
    auto const got = other.read_some(asio::buffer(bytes), end);
    REQUIRE(client.take({bytes.data(), got}) == errc::ok);
  };
  scheduler->turn([&] { server->start(told); });
  REQUIRE(run_until(io, [&] {
    converse();
    return told.served.body == "question";
  }));
  wire::header_block response;
  response.add(":status", "200");
  scheduler->turn([&] {
    told.served.send_headers(response, false);
    told.served.say("answer");
    told.served.finish();
  });
  scheduler->turn([&] { server->close(errc::connection_closed, "enough"); });
  unsaid.assign(500'000, 'x');
  REQUIRE(run_until(io, [&] {
    converse();
    return unsaid.empty() && end == asio::error::eof;
  }));
  CHECK(call.body == "answer");
  CHECK(call.closed == 0U);
  CHECK(client.goaways.size() == 1);
  CHECK_FALSE(scheduler->timers().empty());  // what the client still says is read, for a second
  other.shutdown(socket_type::shutdown_send);
  CHECK(run_until(io, [&] { return scheduler->timers().empty(); }));
  CHECK(server.use_count() == 1);
}
