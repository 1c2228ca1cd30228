// SPDX-License-Identifier: Apache-2.0
#include "net/socket_stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <future>
#include <vector>

#include "support/catch.hpp"
#include "unit/net/allocation_count.hpp"
#include "unit/net/run_until.hpp"
#include "unit/net/waiter.hpp"

using namespace sluice;
using namespace sluice::test;
namespace asio = boost::asio;

namespace {

struct connected {
  connected() {
    std::array<int, 2> fds{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
    raw = {fds[0], fds[1]};
    a = net::make_socket_stream(io.get_executor(), net::unique_fd{fds[0]});
    b = net::make_socket_stream(io.get_executor(), net::unique_fd{fds[1]});
  }
  asio::io_context io;
  std::array<int, 2> raw{};
  std::unique_ptr<byte_stream> a;
  std::unique_ptr<byte_stream> b;
  std::shared_ptr<counting_waiter> waiter = std::make_shared<counting_waiter>();
};

}  // namespace

TEST_CASE("bytes travel, an empty socket would block, a half-close is an end") {
  connected c;
  CHECK(read_text(*c.b) == "(block)");
  std::array<bytes_view, 4> const pieces{as_bytes("he"), as_bytes(""), as_bytes("l"), as_bytes("lo")};
  CHECK(c.a->write(pieces).bytes == 5);
  CHECK(read_text(*c.b, 3) == "hel");
  CHECK(read_text(*c.b) == "lo");
  c.a->shutdown_write();
  CHECK(read_text(*c.b) == "(end)");
  CHECK(write_text(*c.b, "back").bytes == 4);
  CHECK(read_text(*c.a) == "back");
}

TEST_CASE("more pieces than one call takes are written in part") {
  connected c;
  std::vector<bytes_view> const pieces(1000, as_bytes("x"));
  auto const result = c.a->write(pieces);
  CHECK_FALSE(result.error);
  CHECK(result.bytes == 128);
  CHECK(c.a->write({}).bytes == 0);
  CHECK_FALSE(c.a->write({}).would_block);
}

TEST_CASE("a full socket would block and is ready after the peer has read") {
  connected c;
  std::string const block(65536, 'x');
  std::size_t sent = 0;
  io_result result;
  while (!(result = write_text(*c.a, block)).would_block) {
    REQUIRE_FALSE(result.error);
    sent += result.bytes;
  }
  c.a->wait(io_direction::write, c.waiter);
  c.io.poll();
  CHECK(c.waiter->writes == 0);
  std::size_t received = 0;
  while (received < sent) {
    auto const text = read_text(*c.b, 65536);
    REQUIRE(text != "(block)");
    received += text.size();
  }
  REQUIRE(run_until(c.io, [&] { return c.waiter->writes == 1; }));
}

TEST_CASE("a wait calls once, for its own direction") {
  connected c;
  c.a->wait(io_direction::read, c.waiter);
  c.a->wait(io_direction::write, c.waiter);
  CHECK(c.waiter->writes == 0);  // never from inside wait
  REQUIRE(run_until(c.io, [&] { return c.waiter->writes == 1; }));
  CHECK(c.waiter->reads == 0);
  CHECK(write_text(*c.b, "1").bytes == 1);
  REQUIRE(run_until(c.io, [&] { return c.waiter->reads == 1; }));
  CHECK(write_text(*c.b, "2").bytes == 1);
  c.io.restart();
  c.io.poll();
  CHECK(c.waiter->reads == 1);
  c.a->wait(io_direction::read, c.waiter);  // what is there already counts too
  REQUIRE(run_until(c.io, [&] { return c.waiter->reads == 2; }));
}

TEST_CASE("closing drops the waits and lets the waiter go") {
  connected c;
  c.a->wait(io_direction::read, c.waiter);
  c.a->wait(io_direction::write, c.waiter);
  c.a->close();
  c.a->close();
  c.a->wait(io_direction::read, c.waiter);
  c.io.run();
  CHECK(c.waiter->reads == 0);
  CHECK(c.waiter->writes == 0);
  CHECK(c.waiter.use_count() == 1);
  CHECK(read_text(*c.a).starts_with("(error"));
  CHECK(write_text(*c.a, "x").error);
  CHECK(read_text(*c.b) == "(end)");
}

TEST_CASE("destroying the stream inside its waiter is fine") {
  struct suicidal final : io_waiter {
    void ready(io_direction) noexcept override { stream.reset(); }
    std::unique_ptr<byte_stream> stream;
  };
  connected c;
  auto const waiter = std::make_shared<suicidal>();
  waiter->stream = std::move(c.a);
  waiter->stream->wait(io_direction::read, waiter);
  CHECK(write_text(*c.b, "x").bytes == 1);
  REQUIRE(run_until(c.io, [&] { return !waiter->stream; }));
  c.io.run();
  CHECK(waiter.use_count() == 1);
}

TEST_CASE("destroying the context drops a waiter that owns its stream") {
  struct owner final : io_waiter {
    void ready(io_direction) noexcept override {}
    std::unique_ptr<byte_stream> stream;
  };
  std::weak_ptr<owner> watched;
  {
    asio::io_context io;
    std::array<int, 2> fds{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
    net::unique_fd const other{fds[1]};
    auto const waiter = std::make_shared<owner>();
    watched = waiter;
    waiter->stream = net::make_socket_stream(io.get_executor(), net::unique_fd{fds[0]});
    waiter->stream->wait(io_direction::read, waiter);
    io.poll();
  }
  CHECK(watched.expired());
}

TEST_CASE("a reset by the peer is ready and then an error") {
  connected c;
  CHECK(write_text(*c.a, "unread").bytes == 6);
  c.a->wait(io_direction::read, c.waiter);
  c.b->close();  // with data unread: the unix socket's reset
  REQUIRE(run_until(c.io, [&] { return c.waiter->reads == 1; }));
  CHECK(read_text(*c.a) == "(error Connection reset by peer)");
  CHECK(write_text(*c.a, "x").error == std::errc::broken_pipe);
}

TEST_CASE("TCP sends without delay and knows both its names") {
  asio::io_context io;
  net::unique_fd const listening{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof name;
  REQUIRE(::bind(listening.get(), reinterpret_cast<sockaddr*>(&name), size) == 0);
  REQUIRE(::listen(listening.get(), 1) == 0);
  REQUIRE(::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&name), &size) == 0);
  net::unique_fd client{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  REQUIRE(::connect(client.get(), reinterpret_cast<sockaddr*>(&name), size) == 0);
  net::unique_fd server{::accept(listening.get(), nullptr, nullptr)};
  int const raw = client.get();
  auto const a = net::make_socket_stream(io.get_executor(), std::move(client));
  auto const b = net::make_socket_stream(io.get_executor(), std::move(server));
  int on = 0;
  size = sizeof on;
  REQUIRE(::getsockopt(raw, IPPROTO_TCP, TCP_NODELAY, &on, &size) == 0);
  CHECK(on == 1);
  CHECK(a->peer() == "ipv4:127.0.0.1:" + std::to_string(ntohs(name.sin_port)));
  CHECK(a->peer() == b->local());
  CHECK(b->peer() == a->local());
  CHECK(read_text(*b) == "(block)");  // it was made non-blocking
}

#if SLUICE_COUNTS_ALLOCATIONS
TEST_CASE("a wait does not allocate in steady state") {
  connected c;
  auto const turn = [&] {
    c.a->wait(io_direction::read, c.waiter);
    (void)write_text(*c.b, "x");
    int const before = c.waiter->reads;
    while (c.waiter->reads == before) {
      c.io.restart();
      c.io.poll_one();
    }
    std::array<std::byte, 16> into{};
    (void)c.a->read(into);
  };
  for (int i = 0; i < 4; ++i) turn();
  auto const before = allocation_count();
  for (int i = 0; i < 100; ++i) turn();
  CHECK(allocation_count() - before == 0);
}
#endif

TEST_CASE("on a strand of a thread pool, waiters run on the strand") {
  struct echo final : io_waiter {
    void ready(io_direction) noexcept override {
      if (!strand.running_in_this_thread()) off_strand = true;
      std::array<std::byte, 64> into{};
      for (;;) {
        auto const got = stream->read(into);
        if (got.would_block) return stream->wait(io_direction::read, self.lock());
        total += got.bytes;
        if (got.end || got.error) return done.set_value();
      }
    }
    asio::strand<asio::thread_pool::executor_type> strand;
    std::unique_ptr<byte_stream> stream;
    std::weak_ptr<echo> self;
    std::size_t total = 0;
    bool off_strand = false;
    std::promise<void> done;

    explicit echo(asio::thread_pool& pool) : strand{asio::make_strand(pool)} {}
  };
  asio::thread_pool pool{3};
  std::array<int, 2> fds{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
  net::unique_fd writer{fds[1]};
  auto const reader = std::make_shared<echo>(pool);
  reader->self = reader;
  reader->stream = net::make_socket_stream(reader->strand, net::unique_fd{fds[0]});
  asio::post(reader->strand, [reader] { reader->ready(io_direction::read); });
  for (int i = 0; i < 1000; ++i) REQUIRE(::write(writer.get(), "abcdefgh", 8) == 8);
  writer.reset();
  REQUIRE(reader->done.get_future().wait_for(std::chrono::seconds{10}) == std::future_status::ready);
  pool.join();
  CHECK(reader->total == 8000);
  CHECK_FALSE(reader->off_strand);
}
