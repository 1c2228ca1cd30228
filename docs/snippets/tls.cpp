// SPDX-License-Identifier: Apache-2.0
#include "weather.hpp"

#include "support/certificates.hpp"

#include <sluice/coro/sleep.hpp>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace {

class Weather final : public weather::WeatherService {
  // [identity]
  sluice::task<Report> Now(Place place) override {
    sluice::server_call& call = co_await sluice::this_call;
    sluice::peer_identity const* const client = call.identity();  // null: the connection is plaintext
    if (client == nullptr || !client->verified)
      co_return sluice::status{sluice::code::unauthenticated, "come with a certificate"};
    if (std::ranges::find(client->uris, "spiffe://example/reader") == client->uris.end())
      co_return sluice::status{sluice::code::permission_denied,
                               client->subject + " does not read the weather"};
    co_return report(place.name(), 20);
  }
  // [/identity]
};

/// Files for one server, below a folder of the test's.
struct files {
  files() { std::filesystem::create_directories(folder); }
  ~files() { std::filesystem::remove_all(folder); }
  std::string write(std::string const& name, std::string const& text) const {
    auto const path = folder / name;
    std::ofstream{path} << text;
    return path.string();
  }
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("sluice-guide-" + std::to_string(::getpid()));
};

sluice::task<Report> ask(WeatherStub stub) {
  // [call]
  auto call = stub.Now(place("Horta"));
  Report const now = co_await call;
  CHECK(call.identity()->dns_names.front() == "localhost");
  // [/call]
  co_return now;
}

// [watch]
sluice::task<void> watch(sluice::tls_server tls) {
  for (;;) {
    co_await sluice::sleep_for(1min);
    try {
      tls.reload_if_changed();
    } catch (sluice::status_error const& error) {
      std::fprintf(stderr, "still with the old certificate: %s\n", error.what());
    }
  }
}
// [/watch]

}  // namespace

TEST_CASE("tls: both ends with certificates") {
  using sluice::pem;
  sluice::test::test_authority const authority;
  auto const own = authority.issue();
  auto const reader = authority.issue({.common_name = "reader", .names = {"URI:spiffe://example/reader"}});
  files const kept;
  auto const roots_pem = kept.write("roots.pem", authority.root());
  auto const chain_pem = kept.write("chain.pem", own.chain);
  auto const key_pem = kept.write("key.pem", own.key);
  auto const reader_pem = kept.write("reader.pem", reader.chain);
  auto const reader_key_pem = kept.write("reader.key.pem", reader.key);

  boost::asio::io_context io;
  Weather weather;
  sluice::server server{io.get_executor()};
  server.add(weather);
  // [mutual_server]
  sluice::tls_server const tls{{.certificates = {{pem::file(chain_pem), pem::file(key_pem)}},
                                .client_roots = pem::file(roots_pem),
                                .clients = sluice::client_certificates::required}};
  auto const address = server.listen("127.0.0.1:0", tls);
  // [/mutual_server]
  // [mutual_client]
  sluice::tls_client const with_certificate{
      {.roots = pem::file(roots_pem), .certificate = {pem::file(reader_pem), pem::file(reader_key_pem)}}};
  sluice::channel channel{io.get_executor(), address, {.tls = with_certificate}};
  // [/mutual_client]
  CHECK(sluice::run(io, ask(WeatherStub{channel})).place() == "Horta");

  sluice::testing::manual_clock clock{io.get_executor()};
  sluice::spawn(io, watch(tls), [](std::exception_ptr) {});
  for (int minute = 0; minute != 2; ++minute) {
    io.restart();
    io.poll();
    clock.advance(1min);
  }
}

TEST_CASE("tls: one line a side") {
  using sluice::pem;
  sluice::test::test_authority const authority;
  auto const own = authority.issue();
  files const kept;
  auto const roots_pem = kept.write("roots.pem", authority.root());
  auto const chain_pem = kept.write("chain.pem", own.chain);
  auto const key_pem = kept.write("key.pem", own.key);
  boost::asio::io_context io;
  Weather weather;
  sluice::server server{io.get_executor()};
  server.add(weather);
  // [server]
  sluice::tls_server const tls{{.certificates = {{pem::file(chain_pem), pem::file(key_pem)}}}};
  auto const address = server.listen("127.0.0.1:0", tls);
  // [/server]
  {
    // [client]
    sluice::channel channel{io.get_executor(), "weather.example.org:443", {.tls = sluice::tls_client{}}};
    // [/client]
    CHECK(channel.state() == sluice::connectivity::idle);
  }
  // [roots]
  sluice::tls_client const own_roots{{.roots = pem::file(roots_pem)}};
  sluice::channel channel{io.get_executor(), address, {.tls = own_roots}};
  // [/roots]
  auto const how = sluice::run(io, sluice::as_result(WeatherStub{channel}.Now(place("Horta"))));
  CHECK(how.status().message() == "come with a certificate");
}
