// SPDX-License-Identifier: Apache-2.0
// Handshakes that must fail: the reason is in the client's status or the server's log, and the socket is closed.
#include "raw_tls.hpp"
#include "tls_world.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <chrono>
#include <memory>

using namespace endtoend;
using tcp = asio::ip::tcp;

namespace {

/// What the raw client sees; the server's connection is gone afterwards, and the next client is served.
std::string refused(tls_world& w, std::string const& target, raw_tls& client) {
  auto text = w.run([&]() -> task<std::string> {
    auto how = co_await client.connect(target);
    if (how.empty()) how = co_await client.step(&raw_tls::read_something);
    co_return how;
  });
  w.until([&] { return w.server.connections() == 0; });
  CHECK(w.say_to(target, w.trusting()).ok());
  return text;
}

/// What a call to a server with this certificate ends with, by a client that trusts the world's authority.
status against(tls_world& w, made_certificate const& certificate) {
  sluice::tls_server_options serving;
  serving.certificates.push_back(as_pem(certificate));
  auto const how = w.say_to(w.listen(serving), w.trusting());
  CHECK(how.code() == code::unavailable);
  CHECK(how.who() == sluice::origin::local);
  CHECK(contains(how.message(), "connect to ipv4:127.0.0.1:"));
  CHECK(contains(how.message(), "TLS: certificate verify failed"));
  w.until([&] { return w.server.connections() == 0; });
  return how;
}

}  // namespace

TEST_CASE("TLS refused: an expired certificate") {
  tls_world w;
  auto const how = against(w, w.authority.issue({.valid_from = -48h, .valid_to = -24h}));
  CHECK(contains(how.message(), "certificate has expired"));
  w.until_logged("handshake failed: TLS: the peer refuses: certificate expired");
}

TEST_CASE("TLS refused: a certificate that is not valid yet") {
  tls_world w;
  auto const how = against(w, w.authority.issue({.valid_from = 24h, .valid_to = 48h}));
  CHECK(contains(how.message(), "not yet valid"));
}

TEST_CASE("TLS refused: a certificate for another name, saying for which") {
  tls_world w;
  auto const how = against(w, w.authority.issue({.names = {"DNS:other.example", "IP:192.0.2.1"}}));
  CHECK(
      contains(how.message(), "mismatch: wanted 127.0.0.1, the certificate is for other.example 192.0.2.1"));
}

TEST_CASE("TLS refused: a name in the subject alone") {
  tls_world w;
  auto serving = w.serving();
  serving.certificates.front() =
      as_pem(w.authority.issue({.common_name = "weather.example", .names = {"URI:x:y"}}));
  auto trusting = w.trusting();
  trusting.server_name = "weather.example";
  auto const how = w.say_to(w.listen(serving), trusting);
  CHECK(contains(how.message(), "mismatch"));
}

TEST_CASE("TLS refused: a self-signed certificate") {
  tls_world w;
  CHECK(contains(against(w, sluice::test::self_signed()).message(), "self-signed certificate"));
  w.until_logged("the peer refuses: ");
}

TEST_CASE("TLS refused: a certificate of an authority that is not trusted") {
  tls_world w;
  test_authority const other{"another root"};
  CHECK(contains(against(w, other.issue()).message(), "unable to get local issuer certificate"));
}

TEST_CASE("TLS refused: everything of the above is let pass by the options of the frightening name alone") {
  tls_world w;
  sluice::tls_server_options serving;
  serving.certificates.push_back(as_pem(sluice::test::self_signed({.names = {"DNS:other.example"}})));
  auto trusting = w.trusting();
  trusting.dangerously_accept_any_server = true;
  CHECK(w.say_to(w.listen(serving), trusting).ok());
}

TEST_CASE("TLS refused: the system's roots do not know the tests' authority") {
  tls_world w;
  auto const how = w.say_to(w.listen(w.serving()), {});
  CHECK(contains(how.message(), "certificate verify failed"));
}

TEST_CASE("TLS refused: a missing client certificate, said to both sides") {
  tls_world w;
  auto const how = w.say_to(w.listen(w.asking(sluice::client_certificates::required)), w.trusting());
  CHECK(how.code() == code::unavailable);
  CHECK(contains(how.message(), "TLS: the peer refuses: "));
  w.until_logged("handshake failed: TLS: peer did not return a certificate");
  w.until([&] { return w.server.connections() == 0; });
}

TEST_CASE("TLS refused: a client certificate of another authority, also where it is optional") {
  for (auto const how : {sluice::client_certificates::optional, sluice::client_certificates::required}) {
    tls_world w;
    test_authority const other{"another root"};
    auto trusting = w.trusting();
    trusting.certificate = as_pem(other.issue({.common_name = "intruder"}));
    auto const ended = w.say_to(w.listen(w.asking(how)), trusting);
    CHECK(ended.code() == code::unavailable);
    CHECK(contains(ended.message(), "TLS: the peer refuses: unknown CA"));
    w.until_logged(
        "handshake failed: TLS: certificate verify failed: unable to get local issuer certificate");
  }
}

TEST_CASE("TLS refused: a client without ALPN") {
  tls_world w;
  auto const target = w.listen(w.serving());
  raw_tls client{w.io, TLS_client_method()};
  CHECK(contains(refused(w, target, client), "no application protocol"));
  CHECK(w.log.contain("the client offers no protocol by ALPN; gRPC needs h2"));
}

TEST_CASE("TLS refused: a client that offers something else by ALPN") {
  tls_world w;
  auto const target = w.listen(w.serving());
  for (std::string_view const offered : {"\x08http/1.1", "\x02h3\x03h2c", "\x01h"}) {
    raw_tls client{w.io, TLS_client_method()};
    client.offer(offered);
    CHECK(contains(refused(w, target, client), "no application protocol"));
    CHECK(w.log.contain("the client does not offer h2 by ALPN"));
  }
}

TEST_CASE("TLS refused: a client that knows only TLS 1.1") {
  tls_world w;
  auto const target = w.listen(w.serving());
  raw_tls client{w.io, TLS_client_method()};
  client.offer("\x02h2");
  SSL_CTX_set_min_proto_version(client.context(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(client.context(), TLS1_1_VERSION);
  CHECK(contains(refused(w, target, client), "protocol version"));
  CHECK(w.log.contain("handshake failed: TLS: unsupported protocol (the peer offers no TLS version"));
}

TEST_CASE("TLS refused: a client below the minimum version") {
  tls_world w;
  auto serving = w.serving();
  serving.minimum_version = sluice::tls_version::tls_1_3;
  auto const target = w.listen(serving);
  raw_tls client{w.io, TLS_client_method()};
  client.offer("\x02h2");
  SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
  CHECK(contains(refused(w, target, client), "protocol version"));
}

TEST_CASE("TLS refused: a cipher that HTTP/2 forbids") {
  tls_world w;
  auto const target = w.listen(w.serving());
  raw_tls client{w.io, TLS_client_method()};
  client.offer("\x02h2");
  SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(client.context(), "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA");
  CHECK(contains(refused(w, target, client), "handshake failure"));
  CHECK(w.log.contain("no cipher suite that both sides accept"));
}

TEST_CASE("TLS refused: renegotiation") {
  tls_world w;
  auto const target = w.listen(w.serving());
  raw_tls client{w.io, TLS_client_method()};
  client.offer("\x02h2");
  SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
  auto const how = w.run([&]() -> task<std::string> {
    auto text = co_await client.connect(target);
    CHECK(text == "");
    CHECK(SSL_version(client.ssl()) == TLS1_2_VERSION);
    SSL_renegotiate(client.ssl());
    co_return co_await client.step(&SSL_do_handshake);
  });
  CHECK(contains(how, "no renegotiation"));
}

TEST_CASE("TLS refused: handshake messages without an end") {
  tls_world w;
  auto const target = w.listen(w.serving());
  raw_tls client{w.io, TLS_client_method()};
  client.offer("\x02h2");
  SSL_CTX_set_min_proto_version(client.context(), TLS1_3_VERSION);
  w.run([&]() -> task<void> {
    CHECK(co_await client.connect(target) == "");
    for (int i = 0; i != 100; ++i) {
      SSL_key_update(client.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
      static_cast<void>(co_await client.step(&SSL_do_handshake));
    }
  });
  w.until_logged("more than 64 handshake messages without data");
}

TEST_CASE("TLS mismatch: a plaintext client on a TLS port fails within a second, and is told why") {
  tls_world w;
  auto const target = w.listen(w.serving());
  auto const began = std::chrono::steady_clock::now();
  auto const how = w.say_on(*w.connect_to(target));
  CHECK(std::chrono::steady_clock::now() - began < 1s);
  CHECK(how.code() == code::unavailable);
  CHECK(contains(how.message(), "the peer expects TLS on this port"));
  w.until_logged("the client speaks HTTP/2 without TLS, this port expects TLS");
  w.until([&] { return w.server.connections() == 0; });
}

TEST_CASE("TLS mismatch: a TLS client on a plaintext port fails within a second, and is told why") {
  tls_world w;
  auto const target = w.server.listen("127.0.0.1:0");
  auto const began = std::chrono::steady_clock::now();
  auto const how = w.say_to(target, w.trusting());
  CHECK(std::chrono::steady_clock::now() - began < 1s);
  CHECK(how.code() == code::unavailable);
  CHECK(
      contains(how.message(), "TLS: the peer closed the connection during the handshake; does it speak TLS"));
  w.until_logged("the client speaks TLS, this port is cleartext");
  w.until([&] { return w.server.connections() == 0; });
}

TEST_CASE("TLS mismatch: a server that answers TLS in plaintext is named by what it speaks") {
  for (auto const& [words, expected] :
       {std::pair<std::string_view, std::string_view>{{"\0\0\0\4\0\0\0\0\0", 9}, "speaks HTTP/2 without TLS"},
        {"HTTP/1.1 400 Bad Request\r\n\r\n", "speaks HTTP/1.1 without TLS"},
        {"SSH-2.0-OpenSSH\r\n", "does not speak TLS"}}) {
    tls_world w;
    tcp::acceptor acceptor{w.io, {asio::ip::address_v4::loopback(), 0}};
    auto const answering = w.start([&acceptor, said = words]() -> task<void> {
      auto socket = co_await acceptor.async_accept(asio::deferred);
      std::array<char, 4096> heard{};
      co_await socket.async_read_some(asio::buffer(heard), asio::deferred);
      co_await asio::async_write(socket, asio::buffer(said), asio::deferred);
      co_await socket.async_read_some(asio::buffer(heard), asio::as_tuple(asio::deferred));
    });
    auto const how =
        w.say_to("ipv4:127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()), w.trusting());
    CHECK(contains(how.message(), "TLS: the server " + std::string{expected}));
    w.until([&] { return answering->done; });
  }
}

TEST_CASE("TLS mismatch: an HTTP/1.1 client on a TLS port is logged as what it is") {
  tls_world w;
  auto const target = w.listen(w.serving());
  w.run([&]() -> task<void> {
    tcp::socket socket{w.io};
    co_await socket.async_connect({asio::ip::address_v4::loopback(), port_of(target)}, asio::deferred);
    co_await asio::async_write(socket, asio::buffer(std::string_view{"GET / HTTP/1.1\r\nHost: x\r\n\r\n"}),
                               asio::deferred);
    std::string heard;
    co_await asio::async_read(socket, asio::dynamic_buffer(heard), asio::as_tuple(asio::deferred));
    CHECK(heard.substr(0, 2) == "\x15\x03");
  });
  w.until_logged("the client speaks HTTP/1.1 without TLS, this port expects TLS");
}

TEST_CASE("TLS: a handshake that does not end is given up, and its socket closed") {
  tls_world w;
  sluice::testing::manual_clock clock{w.executor()};
  auto const target = w.listen(w.serving());
  tcp::socket silent{w.io};
  silent.connect({asio::ip::address_v4::loopback(), port_of(target)});
  tcp::socket stalled{w.io};
  stalled.connect({asio::ip::address_v4::loopback(), port_of(target)});
  asio::write(stalled, asio::buffer(std::string_view{"\x16\x03\x01\x01\x00\x01", 6}));
  w.until([&] { return w.server.connections() == 2; });
  clock.advance(19s);
  w.poll();
  CHECK(w.server.connections() == 2);
  clock.advance(2s);
  w.until([&] { return w.server.connections() == 0; });
  CHECK(w.log.contain("handshake failed: TLS: the handshake did not end within 20.0 s"));
  for (auto* const each : {&silent, &stalled}) {
    std::array<char, 16> none{};
    boost::system::error_code error;
    CHECK(each->read_some(asio::buffer(none), error) == 0);
    CHECK(error == asio::error::eof);
  }
}

TEST_CASE("TLS: a client's handshake is a part of its time to connect") {
  tls_world w;
  sluice::testing::manual_clock clock{w.executor()};
  tcp::acceptor silent{w.io, {asio::ip::address_v4::loopback(), 0}};
  auto const on = w.connect_to("ipv4:127.0.0.1:" + std::to_string(silent.local_endpoint().port()),
                               {.tls = sluice::tls_client{w.trusting()}, .connect_timeout = 5s});
  status how;
  auto const calling = w.start([&]() -> task<void> {
    auto const answer = co_await as_result(TalkStub{*on}.Say(note("x")));
    how = answer.status();
  });
  tcp::socket accepted{w.io};
  silent.async_accept(accepted, [](boost::system::error_code) {});
  w.until([&] { return accepted.is_open(); });
  w.poll();
  clock.advance(6s);
  w.join(*calling);
  CHECK(how.code() == code::unavailable);
  CHECK(contains(how.message(), "5.0 s"));
}
