// SPDX-License-Identifier: Apache-2.0
#include <sluice/net/peer_identity.hpp>
#include <sluice/net/tls.hpp>
#include <sluice/testing/pipe.hpp>

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "net/socket_stream.hpp"
#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "unit/net/allocation_count.hpp"
#include "unit/net/run_until.hpp"
#include "unit/net/waiter.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace sluice::testing;
namespace asio = boost::asio;

namespace {

struct contexts {
  test_authority authority;
  tls_server server = [this] {
    auto const made = authority.issue();
    return tls_server{{.certificates = {{pem::text(made.chain), pem::text(made.key)}}}};
  }();
  tls_client client{{.roots = pem::text(authority.root())}};
};

/// Says something and listens, as long as there is something to do.
struct talker final : io_waiter, std::enable_shared_from_this<talker> {
  explicit talker(std::unique_ptr<byte_stream> s, std::string words = {})
      : stream{std::move(s)}, unsaid{std::move(words)} {}

  void listen(std::size_t most = 64 * 1024) {
    most_a_read = most;
    stream->wait(io_direction::read, shared_from_this());
  }
  void speak() {
    while (!unsaid.empty() && !error) {
      std::array<bytes_view, 2> const pieces{as_bytes(unsaid).first(unsaid.size() / 2),
                                             as_bytes(unsaid).subspan(unsaid.size() / 2)};
      auto const put = stream->write(pieces);
      if (put.error) error = put.error;
      unsaid.erase(0, put.bytes);
      if (put.would_block) return stream->wait(io_direction::write, shared_from_this());
    }
  }
  void ready(io_direction direction) noexcept override {
    if (direction == io_direction::write) return speak();
    std::string some(most_a_read, '\0');
    auto const got = stream->read({reinterpret_cast<std::byte*>(some.data()), some.size()});
    heard.append(some, 0, got.bytes);
    ended = got.end;
    if (got.error) error = got.error;
    else if (!ended) listen(most_a_read);
  }
  [[nodiscard]] bool over() const { return ended || error; }

  std::unique_ptr<byte_stream> stream;
  std::string unsaid;
  std::string heard;
  std::size_t most_a_read = 0;
  bool ended = false;
  std::error_code error;
};

struct pair_of_talkers {
  explicit pair_of_talkers(pipe_options options = {}, std::string from_client = {},
                           std::string from_server = {}) {
    options.first.record = below;
    auto [a, b] = make_pipe(io.get_executor(), std::move(options));
    client = std::make_shared<talker>(with.client.wrap(io.get_executor(), std::move(a), "localhost"),
                                      std::move(from_client));
    server =
        std::make_shared<talker>(with.server.wrap(io.get_executor(), std::move(b)), std::move(from_server));
  }
  ~pair_of_talkers() {
    client->stream->close();
    server->stream->close();
  }
  void shake_hands() {
    client->listen();
    server->listen();
    client->speak();
    server->speak();
    settle();
  }
  void settle() {
    do io.restart();
    while (io.poll() != 0);
  }

  contexts with;
  asio::io_context io;
  std::shared_ptr<pipe_record> below = std::make_shared<pipe_record>();
  std::shared_ptr<talker> client;
  std::shared_ptr<talker> server;
};

std::string some_text(std::size_t size) {
  std::string text(size, 'a');
  for (std::size_t i = 0; i != size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

}  // namespace

TEST_CASE("TLS: bytes travel both ways, however reads and writes below are cut", "[tls]") {
  struct cut {
    std::size_t read, write, capacity, bytes;
  };
  auto const all = pipe_end_options::unlimited;
  for (auto const& each :
       {cut{all, all, 64 * 1024, 300'000}, cut{1, all, 64 * 1024, 3000}, cut{all, 1, 64 * 1024, 3000},
        cut{1, 1, 1, 3000}, cut{7, 5, 100, 40'000}, cut{1000, 17'000, 1 << 20, 300'000}}) {
    INFO(each.read << ' ' << each.write << ' ' << each.capacity);
    pipe_options options;
    options.capacity = each.capacity;
    options.first.max_read = options.second.max_read = each.read;
    options.first.max_write = options.second.max_write = each.write;
    auto const to_server = some_text(each.bytes);
    auto const to_client = some_text(each.bytes + 1);
    pair_of_talkers p{options, to_server, to_client};
    p.shake_hands();
    CHECK(p.server->heard == to_server);
    CHECK(p.client->heard == to_client);
  }
}

TEST_CASE("TLS: bytes travel whatever the reader's buffer", "[tls]") {
  for (std::size_t const size : {1U, 100U, 16384U, 16385U}) {
    auto const words = some_text(20'000);
    pair_of_talkers p{{}, words};
    p.client->listen();
    p.server->listen(size);
    p.client->speak();
    p.settle();
    CHECK(p.server->heard == words);
  }
}

TEST_CASE("TLS: what one write gives leaves by one write below", "[tls]") {
  pair_of_talkers p;
  p.shake_hands();
  p.client->unsaid = "x";
  p.client->speak();
  p.settle();
  for (std::size_t const size : {1U, 16'384U, 60'000U}) {
    auto const before = *p.below;
    std::string const words = some_text(size);
    std::array<bytes_view, 1> const one{as_bytes(words)};
    CHECK(p.client->stream->write(one).bytes == size);
    CHECK(p.below->writes - before.writes == 1);
    // 22 bytes a record of TLS 1.3, and records are full.
    CHECK(p.below->bytes_written - before.bytes_written == size + 22 * ((size + 16'383) / 16'384));
    p.settle();
  }
}

TEST_CASE("TLS: small pieces of one write share records", "[tls]") {
  pair_of_talkers p;
  p.shake_hands();
  p.client->unsaid = "x";
  p.client->speak();
  p.settle();
  p.server->heard.clear();
  auto const before = *p.below;
  std::vector<bytes_view> const pieces(4000, as_bytes("0123456789"));
  CHECK(p.client->stream->write(pieces).bytes == 40'000);
  CHECK(p.below->writes - before.writes == 1);
  CHECK(p.below->bytes_written - before.bytes_written == 40'000 + 3 * 22);
  p.settle();
  CHECK(p.server->heard.size() == 40'000);
}

TEST_CASE("TLS: what is encrypted and unsent is bounded, and leaves by itself", "[tls]") {
  pipe_options options;
  options.capacity = 4096;
  pair_of_talkers p{options};
  p.shake_hands();
  p.client->unsaid = "x";
  p.client->speak();
  p.settle();
  p.server->heard.clear();
  auto const words = some_text(1 << 20);
  std::array<bytes_view, 1> const one{as_bytes(words)};
  auto const first = p.client->stream->write(one);
  CHECK(first.bytes == 64 * 1024);
  CHECK(p.client->stream->write(one).would_block);
  CHECK(p.client->stream->unsent() == 64 * 1024 + 4 * 22 - options.capacity);
  p.settle();  // nobody asks the client's end for anything
  CHECK(p.client->stream->unsent() == 0);
  CHECK(p.server->heard == words.substr(0, first.bytes));
}

TEST_CASE("TLS: what is in the engine already counts as readable", "[tls]") {
  pair_of_talkers p{{}, "0123456789"};
  p.client->listen();
  p.client->speak();
  auto const waiter = std::make_shared<counting_waiter>();
  std::string heard;
  for (int i = 0; i != 1000 && heard.size() < 10; ++i) {
    int const before = waiter->reads;
    p.server->stream->wait(io_direction::read, waiter);
    CHECK(waiter->reads == before);  // never from inside
    REQUIRE(run_until(p.io, [&] { return waiter->reads != before; }));
    auto const text = read_text(*p.server->stream, 1);
    if (text != "(block)") heard += text;
  }
  CHECK(heard == "0123456789");
}

TEST_CASE("TLS: a writer is told when a read that nobody was called for ends the handshake", "[tls]") {
  pair_of_talkers p;
  p.server->listen();
  auto const waiter = std::make_shared<counting_waiter>();
  CHECK(write_text(*p.client->stream, "x").would_block);
  p.client->stream->wait(io_direction::write, waiter);
  for (int i = 0; i != 1000 && waiter->writes == 0; ++i) {
    p.io.restart();
    p.io.poll_one();
    CHECK(read_text(*p.client->stream) == "(block)");
  }
  CHECK(waiter->writes == 1);
  CHECK(write_text(*p.client->stream, "x").bytes == 1);
}

TEST_CASE("TLS: one read takes a bounded share of what has come, and the rest counts as readable", "[tls]") {
  pipe_options options;
  options.capacity = 4 << 20;
  pair_of_talkers p{options};
  p.shake_hands();
  p.client->unsaid = some_text(2 << 20);
  p.client->speak();
  std::vector<std::byte> into(4 << 20);
  std::size_t sum = 0;
  auto const waiter = std::make_shared<counting_waiter>();
  for (int i = 0; i != 100 && sum != 2 << 20; ++i) {
    auto const got = p.server->stream->read(into);
    CHECK(got.bytes <= 8 * 33 * 1024);
    sum += got.bytes;
    int const before = waiter->reads;
    p.server->stream->wait(io_direction::read, waiter);
    if (sum != 2 << 20) REQUIRE(run_until(p.io, [&] { return waiter->reads != before; }));
  }
  CHECK(sum == 2 << 20);
}

TEST_CASE("TLS: an end with close_notify is an end, without it an error that says so", "[tls]") {
  SECTION("in good order") {
    pair_of_talkers p{{}, "bye"};
    p.shake_hands();
    p.client->stream->shutdown_write();
    p.settle();
    CHECK(p.server->heard == "bye");
    CHECK(p.server->ended);
    // The other direction goes on.
    p.server->unsaid = "and you";
    p.server->speak();
    p.settle();
    CHECK(p.client->heard == "and you");
    CHECK_FALSE(p.client->over());
  }
  SECTION("closed") {
    pair_of_talkers p{{}, "bye"};
    p.shake_hands();
    p.client->stream->close();
    p.settle();
    CHECK(p.server->ended);
  }
  SECTION("cut") {
    pipe_options options;
    options.second.end_after = 4000;
    pair_of_talkers p{options, some_text(10'000)};
    p.shake_hands();
    CHECK(p.server->error);
    CHECK_FALSE(p.server->ended);
    CHECK(p.server->stream->failure().find("close_notify") != std::string::npos);
  }
}

TEST_CASE("TLS: a stream that breaks at any read or write ends both sides", "[tls]") {
  for (bool const reads : {true, false}) {
    for (bool const at_client : {true, false}) {
      bool fired = true;
      for (std::size_t n = 1; fired; ++n) {
        INFO((reads ? "read " : "write ") << n << (at_client ? " of the client" : " of the server"));
        REQUIRE(n < 1000);
        pipe_options options;
        options.capacity = 500;
        auto& end = at_client ? options.first : options.second;
        (reads ? end.fail_read : end.fail_write) = n;
        auto const record = std::make_shared<pipe_record>();
        options.second.record = record;
        pair_of_talkers p{options, some_text(2000), some_text(2000)};
        p.shake_hands();
        fired = (at_client ? p.below : record)->fault_fired;
        if (fired) CHECK((p.client->over() && p.server->over()));
        else CHECK((p.client->heard.size() == 2000 && p.server->heard.size() == 2000));
      }
    }
  }
}

TEST_CASE("TLS: what was taken before a close still leaves", "[tls]") {
  pipe_options options;
  options.capacity = 1000;
  pair_of_talkers both{options, "hello"};
  both.shake_hands();
  auto const text = some_text(50'000);
  std::array<bytes_view, 1> const pieces{as_bytes(text)};
  REQUIRE(both.server->stream->write(pieces).bytes == text.size());
  both.server->stream->close();
  both.settle();
  CHECK(both.client->heard == text);
  CHECK(both.client->ended);
}

TEST_CASE("TLS: waits are dropped with the executor's context", "[tls]") {
  contexts with;
  std::weak_ptr<talker> kept;
  {
    asio::io_context io;
    std::array<int, 2> fds{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
    net::unique_fd const other{fds[1]};
    auto const client = std::make_shared<talker>(
        with.client.wrap(io.get_executor(),
                         net::make_socket_stream(io.get_executor(), net::unique_fd{fds[0]}), "localhost"),
        "never said");
    client->listen();
    client->speak();
    kept = client;
  }
  CHECK(kept.expired());
}

TEST_CASE("TLS: a message back and forth allocates nothing of ours", "[tls]") {
  contexts with;
  asio::io_context io;
  std::array<int, 2> fds{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
  auto const a = with.client.wrap(
      io.get_executor(), net::make_socket_stream(io.get_executor(), net::unique_fd{fds[0]}), "localhost");
  auto const b =
      with.server.wrap(io.get_executor(), net::make_socket_stream(io.get_executor(), net::unique_fd{fds[1]}));
  auto const at_a = std::make_shared<counting_waiter>();
  auto const at_b = std::make_shared<counting_waiter>();
  std::array<std::byte, 4096> into;
  std::array<bytes_view, 1> const said{as_bytes("a message of some bytes")};
  auto const hear = [&](byte_stream& stream, std::shared_ptr<counting_waiter> const& waiter) {
    for (;;) {
      auto const got = stream.read(into);
      if (got.bytes != 0) return got.bytes == said[0].size();
      if (got.error || got.end) return false;
      int const before = waiter->reads;
      stream.wait(io_direction::read, waiter);
      while (waiter->reads == before) {
        if (io.stopped()) io.restart();
        io.run_one();
      }
    }
  };
  // The handshake, and the first messages.
  static_cast<void>(a->write(said));
  b->wait(io_direction::read, at_b);
  REQUIRE(run_until(io, [&] { return at_b->reads != 0; }));
  static_cast<void>(read_text(*b));
  REQUIRE(run_until(io, [&, waiting = false]() mutable {
    if (!waiting) a->wait(io_direction::read, at_a);
    waiting = true;
    return at_a->reads != 0;
  }));
  static_cast<void>(read_text(*a));
  REQUIRE(a->write(said).bytes == said[0].size());
  auto const exchange = [&] {
    bool good = hear(*b, at_b);
    static_cast<void>(b->write(said));
    good = hear(*a, at_a) && good;
    static_cast<void>(a->write(said));
    return good;
  };
  for (int i = 0; i != 50; ++i) REQUIRE(exchange());
#if SLUICE_COUNTS_ALLOCATIONS && SLUICE_POOLS_BLOCKS
  auto const before = allocation_count();
  for (int i = 0; i != 1000; ++i) static_cast<void>(exchange());
  CHECK(allocation_count() == before);
#endif
}

TEST_CASE("TLS: who drops what comes behind a failed handshake waits for it, and does not spin", "[tls]") {
  struct dropping final : io_waiter, std::enable_shared_from_this<dropping> {
    explicit dropping(byte_stream& from) noexcept : stream{from} {}
    void ready(io_direction direction) noexcept override {
      ++times;
      std::array<std::byte, 100> some;
      auto const got = stream.read(some);
      heard += got.bytes;
      if (got.would_block) stream.wait(direction, shared_from_this());
    }
    byte_stream& stream;
    int times = 0;
    std::size_t heard = 0;
  };
  contexts with;
  asio::io_context io;
  auto [peer, below] = make_pipe(io.get_executor());
  auto const server = std::make_shared<talker>(with.server.wrap(io.get_executor(), std::move(below)));
  server->listen();
  REQUIRE(write_text(*peer, "GET / HTTP/1.1\r\n\r\n").bytes != 0);
  io.poll();
  REQUIRE(server->error);
  server->stream->shutdown_write();
  auto const rest = std::make_shared<dropping>(*server->stream);
  rest->ready(io_direction::read);
  constexpr int many = 100;
  io.restart();
  for (int i = 0; i != many && io.poll_one() != 0; ++i) {}
  CHECK(rest->times == 1);
  REQUIRE(write_text(*peer, "more").bytes != 0);
  io.restart();
  for (int i = 0; i != many && io.poll_one() != 0; ++i) {}
  CHECK(rest->times == 2);
  CHECK(rest->heard == 0);  // what no engine has read is no plaintext
  server->stream->close();
}
