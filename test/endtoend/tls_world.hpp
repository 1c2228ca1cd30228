// SPDX-License-Identifier: Apache-2.0
#pragma once

// A world whose server speaks TLS, with certificates made for the test.

#include <sluice/net/tls.hpp>

#include "support/certificates.hpp"
#include "world.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace endtoend {

using sluice::pem;
using sluice::test::certificate_request;
using sluice::test::made_certificate;
using sluice::test::test_authority;

[[nodiscard]] inline sluice::tls_certificate as_pem(made_certificate const& made) {
  return {pem::text(made.chain), pem::text(made.key)};
}

[[nodiscard]] inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

struct tls_world : world {
  explicit tls_world(sluice::server_options options = {}) : world{std::move(options)} {}

  /// A server's options with a good certificate.
  [[nodiscard]] sluice::tls_server_options serving() const {
    sluice::tls_server_options options;
    options.certificates.push_back(as_pem(authority.issue()));
    return options;
  }
  /// The same, asking clients for certificates.
  [[nodiscard]] sluice::tls_server_options asking(sluice::client_certificates how) const {
    auto options = serving();
    options.client_roots = pem::text(authority.root());
    options.clients = how;
    return options;
  }
  /// A client's options that trust the server.
  [[nodiscard]] sluice::tls_client_options trusting() const {
    sluice::tls_client_options options;
    options.roots = pem::text(authority.root());
    return options;
  }
  /// Listens with TLS on a free port; the address.
  std::string listen(sluice::tls_server_options options) {
    return server.listen("127.0.0.1:0", sluice::tls_server{std::move(options)});
  }
  [[nodiscard]] std::unique_ptr<channel> secure_channel(std::string_view target, sluice::tls_client tls) {
    return connect_to(target, {.tls = std::move(tls)});
  }
  [[nodiscard]] std::unique_ptr<channel> secure_channel(std::string_view target,
                                                        sluice::tls_client_options tls) {
    return secure_channel(target, sluice::tls_client{std::move(tls)});
  }
  /// What one call ends with.
  status say_on(channel& on) {
    return run([&]() -> task<status> {
      auto const answer = co_await as_result(TalkStub{on}.Say(note("x")));
      co_return answer.status();
    });
  }
  status say_to(std::string_view target, sluice::tls_client_options tls) {
    return say_on(*secure_channel(target, std::move(tls)));
  }
  /// How the connection looks from both ends of one call.
  struct seen {
    std::optional<sluice::peer_identity> client;  // as the server sees it
    std::optional<sluice::peer_identity> server;
  };
  seen identities(channel& on) {
    seen both;
    service.say = [&](Note said) { return look(std::move(said), both); };
    run([&]() -> task<void> {
      auto call = TalkStub{on}.Say(note("x"));
      co_await call;
      if (call.identity() != nullptr) both.server = *call.identity();
    });
    service.say = nullptr;
    return both;
  }
  /// Until the log says so.
  void until_logged(std::string_view text) {
    until([&] { return log.contain(text); });
  }

  test_authority authority;

 private:
  static task<Note> look(Note said, seen& both) {
    sluice::server_call& call = co_await sluice::this_call;
    if (call.identity() != nullptr) both.client = *call.identity();
    co_return said;
  }
};

}  // namespace endtoend
