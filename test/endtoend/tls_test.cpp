// SPDX-License-Identifier: Apache-2.0
// Calls over TLS: what works, who is who, and what changes while the server runs.
#include "megabytes.hpp"
#include "raw_tls.hpp"
#include "support/wall_clock.hpp"
#include "tls_world.hpp"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>

using namespace endtoend;
using Names = std::vector<std::string>;

TEST_CASE("TLS: the four kinds of call") {
  tls_world w;
  auto const on = w.secure_channel(w.listen(w.serving()), w.trusting());
  w.run([&]() -> task<void> {
    TalkStub stub{*on};
    CHECK((co_await stub.Say(note("hello"))).text() == "hello");

    auto heard = stub.Listen(note("x", 100));
    std::int64_t sum = 0;
    while (auto* const each = co_await heard.next()) sum += each->number();
    CHECK(sum == 4950);

    auto const words = []() -> generator<Note> {
      for (int i = 0; i != 100; ++i) co_yield note("a");
    };
    Note const told = co_await stub.Tell(words());
    CHECK(told.number() == 100);

    auto chat = stub.Chat(words());
    int answers = 0;
    while (co_await chat.next() != nullptr) ++answers;
    CHECK(answers == 100);
  });
}

TEST_CASE("TLS: megabytes in both directions at once") {
  tls_world w;
  auto const on = w.secure_channel(w.listen(w.serving()), w.trusting());
  w.run([&] { return megabytes_each_way(*on); });
}

TEST_CASE("TLS: both versions, and the ciphers that HTTP/2 allows") {
  for (auto const version : {sluice::tls_version::tls_1_2, sluice::tls_version::tls_1_3}) {
    tls_world w;
    auto serving = w.serving();
    serving.minimum_version = version;
    auto const on = w.secure_channel(w.listen(serving), w.trusting());
    auto const seen = w.identities(*on);
    REQUIRE(seen.server);
    CHECK(seen.server->protocol == "TLSv1.3");
    CHECK(contains(seen.server->cipher, "TLS_"));
  }
}

TEST_CASE("TLS: client and server live side by side with plaintext") {
  tls_world w;
  auto const secure = w.secure_channel(w.listen(w.serving()), w.trusting());
  auto const plain = w.connect();
  CHECK(w.say_on(*secure).ok());
  CHECK(w.say_on(*plain).ok());
  auto const seen = w.identities(*plain);
  CHECK_FALSE(seen.client);
  CHECK_FALSE(seen.server);
}

TEST_CASE("TLS: a client sees whom the server's certificate names") {
  tls_world w;
  auto serving = w.serving();
  serving.certificates.front() = as_pem(
      w.authority.issue({.common_name = "weather",
                         .names = {"DNS:localhost", "DNS:weather.example", "IP:127.0.0.1", "IP:2001:db8::1",
                                   "URI:spiffe://example/weather", "email:weather@example.org"}}));
  auto const seen = w.identities(*w.secure_channel(w.listen(serving), w.trusting()));
  REQUIRE(seen.server);
  CHECK(seen.server->has_certificate);
  CHECK(seen.server->verified);
  CHECK(seen.server->subject == "CN=weather,O=sluice");
  CHECK(seen.server->common_name == "weather");
  CHECK(seen.server->dns_names == Names{"localhost", "weather.example"});
  CHECK(seen.server->ip_addresses == Names{"127.0.0.1", "2001:db8::1"});
  CHECK(seen.server->uris == Names{"spiffe://example/weather"});
  CHECK(seen.server->emails == Names{"weather@example.org"});
  // The server asked for nothing: a secure connection, to nobody in particular.
  REQUIRE(seen.client);
  CHECK_FALSE(seen.client->has_certificate);
  CHECK_FALSE(seen.client->verified);
  CHECK(seen.client->protocol == seen.server->protocol);
}

TEST_CASE("TLS: whom nobody verified is not called verified, whatever the certificate says") {
  tls_world w;
  auto serving = w.serving();
  sluice::tls_client_options anybody;
  anybody.dangerously_accept_any_server = true;
  for (bool const stranger : {true, false}) {
    if (stranger)
      serving.certificates.front() = as_pem(sluice::test::self_signed({.common_name = "stranger"}));
    else anybody.roots = pem::text(w.authority.root());  // it would verify; but for another name
    if (!stranger) serving.certificates.front() = as_pem(w.authority.issue({.names = {"DNS:other.example"}}));
    sluice::tls_client const client{anybody};
    auto const target = w.listen(serving);
    for (bool const resumed : {false, true}) {
      auto const seen = w.identities(*w.secure_channel(target, client));
      REQUIRE(seen.server);
      CHECK(seen.server->resumed == resumed);
      CHECK(seen.server->has_certificate);
      CHECK_FALSE(seen.server->verified);
    }
  }
}

TEST_CASE("TLS: a handler sees whom the client's certificate names") {
  tls_world w;
  auto trusting = w.trusting();
  trusting.certificate =
      as_pem(w.authority.issue({.common_name = "reader", .names = {"URI:spiffe://example/reader"}}));
  auto const target = w.listen(w.asking(sluice::client_certificates::required));
  auto const seen = w.identities(*w.secure_channel(target, trusting));
  REQUIRE(seen.client);
  CHECK(seen.client->has_certificate);
  CHECK(seen.client->verified);
  CHECK(seen.client->common_name == "reader");
  CHECK(seen.client->uris == Names{"spiffe://example/reader"});
}

TEST_CASE("TLS: an optional client certificate may be left out") {
  tls_world w;
  auto const seen = w.identities(
      *w.secure_channel(w.listen(w.asking(sluice::client_certificates::optional)), w.trusting()));
  REQUIRE(seen.client);
  CHECK_FALSE(seen.client->has_certificate);
}

TEST_CASE("TLS: the server's name may be overridden, and is then the one that is verified") {
  tls_world w;
  auto serving = w.serving();
  serving.certificates.front() = as_pem(w.authority.issue({.names = {"DNS:weather.example"}}));
  auto const target = w.listen(serving);
  auto trusting = w.trusting();
  CHECK_FALSE(w.say_to(target, trusting).ok());
  trusting.server_name = "weather.example";
  CHECK(w.say_to(target, trusting).ok());
  // The channel's authority names it too.
  auto const on =
      w.connect_to(target, {.authority = "weather.example:443", .tls = sluice::tls_client{w.trusting()}});
  CHECK(w.say_on(*on).ok());
}

TEST_CASE("TLS: of several certificates the client gets the one for its name, else the first") {
  tls_world w;
  sluice::tls_server_options serving;
  for (std::string const name : {"first.example", "second.example", "*.third.example"})
    serving.certificates.push_back(
        as_pem(w.authority.issue({.common_name = name, .names = {"DNS:" + name}})));
  auto const target = w.listen(serving);
  auto const gets = [&](std::string name) {
    auto trusting = w.trusting();
    trusting.server_name = std::move(name);
    auto const seen = w.identities(*w.secure_channel(target, trusting));
    return seen.server ? seen.server->common_name : "nothing";
  };
  CHECK(gets("first.example") == "first.example");
  CHECK(gets("second.example") == "second.example");
  CHECK(gets("a.third.example") == "*.third.example");
  auto trusting = w.trusting();
  trusting.server_name = "unknown.example";
  CHECK(contains(w.say_to(target, trusting).message(), "the certificate is for first.example"));
}

TEST_CASE("TLS: after a reload new connections get the new certificate, old ones live") {
  tls_world w;
  auto const named = [&](std::string name) {
    sluice::tls_server_options options;
    options.certificates.push_back(as_pem(w.authority.issue({.common_name = std::move(name)})));
    return options;
  };
  sluice::tls_server const tls{named("before")};
  auto const target = w.server.listen("127.0.0.1:0", tls);
  sluice::tls_client const client{w.trusting()};
  auto const old = w.secure_channel(target, client);
  CHECK(w.identities(*old).server->common_name == "before");

  tls.reload(named("after"));
  CHECK(w.identities(*old).server->common_name == "before");
  CHECK(w.identities(*w.secure_channel(target, client)).server->common_name == "after");

  CHECK_THROWS_AS(tls.reload({}), sluice::status_error);
  CHECK(w.identities(*w.secure_channel(target, client)).server->common_name == "after");
}

TEST_CASE("TLS: files are loaded anew when they have changed") {
  tls_world w;
  auto const folder = std::filesystem::temp_directory_path() / ("sluice-tls-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  auto const write = [&](std::string const& name, std::string const& text) {
    std::ofstream{folder / name} << text;
    return (folder / name).string();
  };
  auto const before = w.authority.issue({.common_name = "before"});
  sluice::tls_server const tls{{.certificates = {{pem::file(write("chain.pem", before.chain)),
                                                  pem::file(write("key.pem", before.key))}}}};
  auto const target = w.server.listen("127.0.0.1:0", tls);
  CHECK_FALSE(tls.reload_if_changed());

  auto const after = w.authority.issue({.common_name = "a longer name after"});
  write("chain.pem", after.chain);  // half a change: the key does not fit yet
  CHECK_THROWS_AS(tls.reload_if_changed(), sluice::status_error);
  CHECK(w.identities(*w.secure_channel(target, w.trusting())).server->common_name == "before");
  write("key.pem", after.key);
  CHECK(tls.reload_if_changed());
  CHECK_FALSE(tls.reload_if_changed());
  CHECK(w.identities(*w.secure_channel(target, w.trusting())).server->common_name == "a longer name after");
  std::filesystem::remove_all(folder);
}

TEST_CASE("TLS: a later connection resumes the session, on both sides") {
  tls_world w;
  auto trusting = w.trusting();
  trusting.certificate = as_pem(w.authority.issue({.common_name = "reader"}));
  sluice::tls_client const client{trusting};
  sluice::tls_server const tls{w.asking(sluice::client_certificates::required)};
  auto const target = w.server.listen("127.0.0.1:0", tls);
  auto const first = w.identities(*w.secure_channel(target, client));
  CHECK_FALSE(first.server->resumed);
  CHECK_FALSE(first.client->resumed);
  for (int i = 0; i != 3; ++i) {
    auto const again = w.identities(*w.secure_channel(target, client));
    CHECK(again.server->resumed);
    CHECK(again.client->resumed);
    CHECK(again.client->verified);
    CHECK(again.server->verified);
    CHECK(again.client->common_name == "reader");  // the certificate is a part of the session
    CHECK(again.server->common_name == "localhost");
  }
  // Whom one trusts may have changed: nothing is resumed over a reload.
  client.reload(trusting);
  CHECK_FALSE(w.identities(*w.secure_channel(target, client)).server->resumed);
  tls.reload(w.asking(sluice::client_certificates::required));
  CHECK_FALSE(w.identities(*w.secure_channel(target, client)).client->resumed);
}

TEST_CASE("TLS: a session of TLS 1.2 is resumed again and again") {
  tls_world w;
  auto const made = w.authority.issue();
  tcp::acceptor acceptor{w.io, {asio::ip::address_v4::loopback(), 0}};
  auto const target = "ipv4:127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
  SSL_CTX* kept = nullptr;  // its ticket keys
  std::vector<long> reused;
  sluice::tls_client const client{w.trusting()};
  raw_tls first{w.io, TLS_server_method()};
  kept = first.context();
  first.present(made.chain, made.key);
  SSL_CTX_set_max_proto_version(kept, TLS1_2_VERSION);
  for (int i = 0; i != 3; ++i) {
    raw_tls server{w.io, kept};
    auto const serving = w.start([&]() -> task<void> {
      CHECK((co_await server.accept(acceptor)) == "");
      reused.push_back(SSL_session_reused(server.ssl()));
      co_await server.step(&raw_tls::read_something);  // the preface: the client's handshake is over too
    });
    auto const on = w.secure_channel(target, client);
    on->connect();
    w.join(*serving);
  }
  CHECK(reused == std::vector<long>{0, 1, 1});
}

TEST_CASE("TLS: a client whose certificate has expired does not come in by an old session") {
  for (bool const expires : {false, true}) {
    tls_world w;
    auto trusting = w.trusting();
    trusting.certificate = as_pem(
        w.authority.issue({.common_name = "reader", .valid_to = std::chrono::seconds{expires ? 60 : 3600}}));
    sluice::tls_client const client{trusting};
    auto const target = w.listen(w.asking(sluice::client_certificates::required));
    CHECK(w.say_on(*w.secure_channel(target, client)).ok());
    sluice::test::wall_clock_shift const later{std::chrono::seconds{90}};
    auto const how = w.say_on(*w.secure_channel(target, client));
    CHECK(how.ok() == !expires);
    if (expires) w.until_logged("certificate has expired");
  }
}

TEST_CASE("TLS: no session is resumed where none is to be kept") {
  tls_world w;
  auto trusting = w.trusting();
  trusting.sessions = 0;
  sluice::tls_client const client{trusting};
  auto const target = w.listen(w.serving());
  for (int i = 0; i != 2; ++i) CHECK_FALSE(w.identities(*w.secure_channel(target, client)).server->resumed);
}

TEST_CASE("TLS: over connections that the caller makes") {
  tls_world w;
  auto const on = std::make_unique<channel>(
      w.executor(),
      [&] {
        auto [ours, theirs] = sluice::testing::make_pipe(w.executor());
        w.server.serve(sluice::tls_server{w.serving()}.wrap(w.executor(), std::move(theirs)));
        return std::move(ours);
      },
      sluice::channel_options{.tls = sluice::tls_client{w.trusting()}});
  auto const seen = w.identities(*on);
  REQUIRE(seen.server);
  CHECK(seen.server->common_name == "localhost");
  CHECK(seen.client);
}

TEST_CASE("TLS: a channel over a server of several threads") {
  tls_world w;
  sluice::io_threads threads{2};
  talk service;
  sluice::server server{threads};
  server.add(service);
  auto const target = server.listen("127.0.0.1:0", sluice::tls_server{w.serving()});
  for (int i = 0; i != 4; ++i) CHECK(w.say_to(target, w.trusting()).ok());
}
