// SPDX-License-Identifier: Apache-2.0
// Targets that lead nowhere, and peers that speak something else.
#include "world.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

using namespace endtoend;
using tcp = asio::ip::tcp;

namespace {

/// A listening socket whose connections a test answers by hand.
struct stranger {
  explicit stranger(asio::io_context& io) : acceptor{io, {asio::ip::address_v4::loopback(), 0}} {}
  [[nodiscard]] std::string target() const {
    return "ipv4:127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
  }
  /// Takes a connection, reads something, says `words`, and closes.
  task<void> answer(std::string words) {
    tcp::socket socket = co_await acceptor.async_accept(asio::deferred);
    std::array<char, 1024> heard{};
    co_await socket.async_read_some(asio::buffer(heard), asio::deferred);
    co_await asio::async_write(socket, asio::buffer(words), asio::deferred);
  }
  tcp::acceptor acceptor;
};

[[nodiscard]] bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

/// What a call to `target` fails with.
status failure_of(world& w, std::string_view target, sluice::channel_options options = {}) {
  auto const on = w.connect_to(target, std::move(options));
  return w.run([&]() -> task<status> {
    auto const answer = co_await as_result(TalkStub{*on}.Say(note("x")));
    co_return answer.status();
  });
}

/// Listens on a free port, and says which.
std::uint16_t port_of_server(world& w) {
  auto const address = w.server.listen("127.0.0.1:0");
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

/// What our server says to a client that sends `words`.
std::string said_to(world& w, std::string words) {
  auto const port = port_of_server(w);
  std::string heard;
  w.run([&]() -> task<void> {
    tcp::socket socket{w.io};
    co_await socket.async_connect({asio::ip::address_v4::loopback(), port}, asio::deferred);
    co_await asio::async_write(socket, asio::buffer(words), asio::deferred);
    try {
      co_await asio::async_read(socket, asio::dynamic_buffer(heard), asio::deferred);
    } catch (boost::system::system_error const& error) {
      CHECK(error.code() == asio::error::eof);  // a reset could have cost the answer
    }
  });
  w.until([&] { return w.server.connections() == 0; });
  return heard;
}

}  // namespace

TEST_CASE("a malformed target is refused where the channel is made, naming the target") {
  world w;
  for (std::string_view const target :
       {"", "ipv4:localhost:80", "ipv4:127.0.0.1:99999", "ipv6:127.0.0.1:80", "http://example.org",
        "unix:", "a b:80", "host:0", "dns:///", "xds:///service"}) {
    INFO(target);
    try {
      channel const made{w.executor(), target};
      FAIL("accepted");
    } catch (sluice::status_error const& error) {
      CHECK(error.code() == code::invalid_argument);
      CHECK(contains(error.what(), target));
    }
  }
}

TEST_CASE("a name that does not resolve fails calls with UNAVAILABLE, naming the host") {
  world w;
  // A name server that nobody runs, so that the test asks no real one.
  auto const why = failure_of(w, "dns://127.0.0.1:1/nosuch.invalid:80");
  CHECK(why.code() == code::unavailable);
  CHECK(why.who() == sluice::origin::local);
  CHECK(contains(why.message(), "nosuch.invalid"));
}

TEST_CASE("a refused connection fails calls with UNAVAILABLE: address, error, how long") {
  world w;
  std::string target;
  {
    stranger const gone{w.io};
    target = gone.target();
  }
  auto const why = failure_of(w, target);
  CHECK(why.code() == code::unavailable);
  CHECK(contains(why.message(), target.substr(5)));
  CHECK(contains(why.message(), "refused"));
  CHECK(contains(why.message(), "ms"));
}

TEST_CASE("of several addresses, each one's failure is told; one that answers is enough") {
  world w;
  std::string gone;
  {
    stranger const first{w.io};
    gone = first.target();
  }
  auto const why = failure_of(w, gone + "," + gone.substr(5));
  CHECK(why.code() == code::unavailable);
  auto const good = w.server.listen("127.0.0.1:0");
  auto const on = w.connect_to(gone + "," + good.substr(5));
  w.run([&]() -> task<void> {
    auto call = TalkStub{*on}.Say(note("x"));
    co_await call;
    CHECK(call.peer() == good);
  });
}

TEST_CASE("a server that speaks HTTP/1.1 is told apart") {
  world w;
  stranger other{w.io};
  auto const answering =
      w.start([&] { return other.answer("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"); });
  auto const why = failure_of(w, other.target());
  CHECK(why.code() == code::unavailable);
  CHECK(contains(why.message(), "HTTP/1.1"));
  CHECK(contains(why.message(), other.target()));
  w.join(*answering);
}

TEST_CASE("a server that expects TLS is told apart") {
  world w;
  stranger other{w.io};
  auto const answering =
      w.start([&] { return other.answer(std::string{"\x15\x03\x01\x00\x02\x02\x46", 7}); });
  auto const why = failure_of(w, other.target());
  CHECK(why.code() == code::unavailable);
  CHECK(contains(why.message(), "TLS"));
  w.join(*answering);
}

TEST_CASE("a server that speaks nonsense, or closes at once, fails calls with UNAVAILABLE") {
  world w;
  stranger other{w.io};
  for (std::string const words : {"", "SSH-2.0-OpenSSH_9.2p1\r\n", "\x01"}) {
    auto const answering = w.start([&] { return other.answer(words); });
    auto const why = failure_of(w, other.target());
    CHECK(why.code() == code::unavailable);
    CHECK(contains(why.message(), other.target()));
    w.join(*answering);
  }
}

TEST_CASE("a server that accepts and says nothing fails calls after the connect timeout") {
  world w;
  sluice::testing::manual_clock clock{w.executor()};
  stranger silent{w.io};
  auto const on = w.connect_to(silent.target(), {.connect_timeout = 3s});
  std::optional<tcp::socket> kept;
  auto const accepting =
      w.start([&]() -> task<void> { kept.emplace(co_await silent.acceptor.async_accept(asio::deferred)); });
  auto const calling = w.start([&]() -> task<void> {
    auto const answer = co_await as_result(TalkStub{*on}.Say(note("x")));
    CHECK(answer.status().code() == code::unavailable);
    CHECK(contains(answer.status().message(), "SETTINGS"));
    CHECK(contains(answer.status().message(), "3"));
  });
  w.join(*accepting);
  w.poll();
  CHECK_FALSE(calling->done);
  clock.advance(3s);
  w.join(*calling);
}

TEST_CASE("a client that speaks HTTP/1.1 is answered in HTTP/1.1, and logged") {
  world w;
  auto const heard = said_to(w, "GET / HTTP/1.1\r\nhost: here\r\n\r\n");
  CHECK(heard.starts_with("HTTP/1.1 505 "));
  CHECK(contains(heard, "gRPC"));
  CHECK(w.log.contain("HTTP/1.1"));
}

TEST_CASE("what a client still sends does not cost it the server's last words") {
  world w;
  auto const heard = said_to(w, "POST / HTTP/1.1\r\nhost: here\r\n\r\n" + std::string(300'000, 'x'));
  CHECK(heard.starts_with("HTTP/1.1 505 "));
}

TEST_CASE("a client that stays when the server has ended is left after a second") {
  world w;
  sluice::testing::manual_clock clock{w.executor()};
  tcp::socket socket{w.io};
  w.run([&]() -> task<void> {
    co_await socket.async_connect({asio::ip::address_v4::loopback(), port_of_server(w)}, asio::deferred);
    co_await asio::async_write(socket, asio::buffer(std::string(100, 'z')), asio::deferred);
    std::string heard;
    try {
      co_await asio::async_read(socket, asio::dynamic_buffer(heard), asio::deferred);
    } catch (boost::system::system_error const& error) { CHECK(error.code() == asio::error::eof); }
  });
  boost::system::error_code left;
  auto const talks_on = [&] { return asio::write(socket, asio::buffer("more", 4), left) == 4; };
  clock.advance(900ms);
  w.poll();
  CHECK(talks_on());
  w.poll();
  CHECK(talks_on());
  clock.advance(100ms);
  w.until([&] { return !talks_on(); });
  CHECK((left == asio::error::broken_pipe || left == asio::error::connection_reset));
}

TEST_CASE("a client that speaks TLS is logged") {
  world w;
  static_cast<void>(said_to(w, std::string{"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03", 11}));
  CHECK(w.log.contain("TLS"));
}

TEST_CASE("a client that speaks nonsense is closed, and the server goes on") {
  world w;
  static_cast<void>(said_to(w, std::string(100, 'z')));
  auto const on = w.connect();
  w.run([&]() -> task<void> { CHECK((co_await TalkStub{*on}.Say(note("x"))).text() == "x"); });
}

TEST_CASE("an address in use is refused where the server listens, saying which and why") {
  world w;
  auto const taken = w.server.listen("127.0.0.1:0");
  sluice::server other{w.executor()};
  try {
    other.listen(taken);
    FAIL("listens");
  } catch (sluice::status_error const& error) {
    CHECK(error.code() == code::unavailable);
    CHECK(contains(error.what(), taken.substr(5)));
    CHECK(contains(error.what(), "in use"));
  }
  auto const name = w.server.listen("unix-abstract:sluice-endtoend-in-use-" + std::to_string(::getpid()));
  CHECK_THROWS_AS(other.listen(name), sluice::status_error);
  for (std::string_view const bad : {"", "nonsense", "127.0.0.1", "127.0.0.1:99999", "unix:"}) {
    INFO(bad);
    try {
      other.listen(bad);
      FAIL("listens");
    } catch (sluice::status_error const& error) { CHECK(error.code() == code::invalid_argument); }
  }
}
