// SPDX-License-Identifier: Apache-2.0
#include <sluice/net/asio_stream.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>

#include "support/catch.hpp"
#include "unit/net/run_until.hpp"
#include "unit/net/waiter.hpp"

using namespace sluice;
using namespace sluice::test;
namespace asio = boost::asio;
using socket_type = asio::local::stream_protocol::socket;

namespace {

struct adapted {
  explicit adapted(asio_stream_options options = {}) {
    socket_type mine{io};
    asio::local::connect_pair(mine, other);
    other.non_blocking(true);
    stream = make_asio_stream(std::move(mine), std::move(options));
  }
  /// What the other end can read now.
  std::string arrived() {
    std::string text(1 << 20, '\0');
    boost::system::error_code error;
    text.resize(other.read_some(asio::buffer(text), error));
    return error == asio::error::eof ? "(end)" : text;
  }
  asio::io_context io;
  socket_type other{io};
  std::unique_ptr<byte_stream> stream;
  std::shared_ptr<counting_waiter> waiter = std::make_shared<counting_waiter>();
};

}  // namespace

TEST_CASE("an adapted stream reads what its stream brings") {
  adapted a;
  CHECK(read_text(*a.stream) == "(block)");
  a.stream->wait(io_direction::read, a.waiter);
  asio::write(a.other, asio::buffer("hello", 5));
  REQUIRE(run_until(a.io, [&] { return a.waiter->reads == 1; }));
  CHECK(read_text(*a.stream, 2) == "he");
  a.stream->wait(io_direction::read, a.waiter);  // something is left
  CHECK(a.waiter->reads == 1);
  REQUIRE(run_until(a.io, [&] { return a.waiter->reads == 2; }));
  CHECK(read_text(*a.stream) == "llo");
  a.stream->wait(io_direction::read, a.waiter);
  a.other.shutdown(socket_type::shutdown_send);
  REQUIRE(run_until(a.io, [&] { return a.waiter->reads == 3; }));
  CHECK(read_text(*a.stream) == "(end)");
  CHECK(a.stream->peer() == "asio");
}

TEST_CASE("an adapted stream writes in order, within its bound, and says when there is room") {
  asio_stream_options options;
  options.write_buffer = 8;
  adapted a{options};
  std::array<bytes_view, 2> const pieces{as_bytes("0123"), as_bytes("456789")};
  CHECK(a.stream->write(pieces).bytes == 8);
  CHECK(write_text(*a.stream, "89").would_block);
  a.stream->wait(io_direction::write, a.waiter);
  CHECK(a.waiter->writes == 0);
  REQUIRE(run_until(a.io, [&] { return a.waiter->writes == 1; }));
  CHECK(write_text(*a.stream, "89").bytes == 2);
  a.stream->shutdown_write();
  std::string all;
  REQUIRE(run_until(a.io, [&] {
    auto const text = a.arrived();
    if (text != "(end)") all += text;
    return text == "(end)";
  }));
  CHECK(all == "0123456789");
  CHECK(write_text(*a.stream, "x").error == std::errc::broken_pipe);
}

TEST_CASE("an adapted stream says what it has not sent, and a wait for writing is over when some has left") {
  adapted a{{.write_buffer = 32 << 20}};
  auto const settle = [&] {
    a.io.restart();
    a.io.poll();
  };
  std::size_t const all = 8 << 20;
  REQUIRE(write_text(*a.stream, std::string(all, 'w')).bytes == all);
  CHECK(a.stream->unsent() == all);
  settle();  // what the socket takes
  std::size_t const left = a.stream->unsent();
  REQUIRE(left != 0);
  CHECK(left < all);
  a.stream->wait(io_direction::write, a.waiter);
  settle();
  CHECK(a.waiter->writes == 0);  // though there is room
  REQUIRE_FALSE(a.arrived().empty());
  REQUIRE(run_until(a.io, [&] { return a.waiter->writes == 1; }));
  CHECK(a.stream->unsent() < left);
}

TEST_CASE("closing an adapted stream lets what was accepted leave, and drops the waits") {
  adapted a;
  a.stream->wait(io_direction::read, a.waiter);
  CHECK(write_text(*a.stream, "last words").bytes == 10);
  a.stream->close();
  CHECK(read_text(*a.stream).starts_with("(error"));
  CHECK(write_text(*a.stream, "x").error);
  a.io.run();
  CHECK(a.arrived() == "last words");
  CHECK(a.arrived() == "(end)");
  CHECK(a.waiter->reads == 0);
  CHECK(a.waiter.use_count() == 1);
}

TEST_CASE("an adapted stream that cannot send is closed when its linger is over") {
  asio_stream_options options;
  options.write_buffer = 16 << 20;
  options.linger = std::chrono::milliseconds{1};
  adapted a{options};
  CHECK(write_text(*a.stream, std::string(16 << 20, 'x')).bytes == 16 << 20);  // more than the socket holds
  a.stream->close();
  a.io.run();  // ends, though nobody reads
  SUCCEED();
}

TEST_CASE("a broken stream's error is told to reads and writes") {
  adapted a;
  a.stream->wait(io_direction::read, a.waiter);
  CHECK(write_text(*a.stream, "x").bytes == 1);
  REQUIRE(run_until(a.io, [&] { return a.other.available() == 1; }));
  a.other.close();  // with a byte unread: a reset
  REQUIRE(run_until(a.io, [&] { return a.waiter->reads == 1; }));
  CHECK(read_text(*a.stream) == "(error Connection reset by peer)");
  REQUIRE(run_until(a.io, [&] { return bool{write_text(*a.stream, "x").error}; }));
}

TEST_CASE("destroying the context drops a waiter that owns its adapted stream") {
  struct owner final : io_waiter {
    void ready(io_direction) noexcept override {}
    std::unique_ptr<byte_stream> stream;
  };
  std::weak_ptr<owner> watched;
  {
    asio_stream_options options;
    options.write_buffer = 16 << 20;
    auto const a = std::make_unique<adapted>(options);
    auto const waiter = std::make_shared<owner>();
    watched = waiter;
    waiter->stream = std::move(a->stream);
    waiter->stream->wait(io_direction::read, waiter);
    CHECK(write_text(*waiter->stream, std::string(16 << 20, 'x')).bytes == 16 << 20);
    waiter->stream->wait(io_direction::write, waiter);
    a->io.poll();
  }
  CHECK(watched.expired());
}
