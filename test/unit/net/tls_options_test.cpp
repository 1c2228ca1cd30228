// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/status.hpp>
#include <sluice/net/tls.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "net/tls_sessions.hpp"
#include "support/catch.hpp"
#include "support/certificates.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

/// What is said of options that cannot be loaded.
template <class Options>
std::string refusal_of(Options options) {
  try {
    if constexpr (std::is_same_v<Options, tls_server_options>) tls_server{std::move(options)};
    else tls_client{std::move(options)};
  } catch (status_error const& error) {
    CHECK(error.code() == code::invalid_argument);
    return std::string{error.status().message()};
  }
  return "loaded";
}

tls_server_options serving(pem chain, pem key) {
  tls_server_options options;
  options.certificates.push_back({std::move(chain), std::move(key)});
  return options;
}

}  // namespace

TEST_CASE("TLS options: what cannot be loaded is refused by name and reason", "[tls]") {
  test_authority const authority;
  auto const good = authority.issue();
  auto const other = authority.issue();
  CHECK(refusal_of(serving(pem::text(good.chain), pem::text(good.key))) == "loaded");
  CHECK(refusal_of(tls_server_options{}) == "TLS: a server needs a certificate");
  CHECK(refusal_of(serving(pem::file("/nowhere/chain.pem"), pem::text(good.key))) ==
        "TLS: the server's certificate /nowhere/chain.pem: No such file or directory");
  CHECK(refusal_of(serving(pem::text(good.chain), pem::file("/nowhere/key.pem"))) ==
        "TLS: the server's key /nowhere/key.pem: No such file or directory");
  CHECK(refusal_of(serving(pem::text("nonsense"), pem::text(good.key))) ==
        "TLS: the server's certificate: no start line");
  CHECK(refusal_of(serving(pem::text(good.chain), pem::text(other.key))) ==
        "TLS: the server's key: key values mismatch");
  CHECK(refusal_of(serving(pem::text(good.chain), pem::text(good.chain)))
            .starts_with("TLS: the server's key: "));
  CHECK(refusal_of(
            serving(pem::text(good.chain + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
                    pem::text(good.key)))
            .starts_with("TLS: the server's certificate: "));
  CHECK(refusal_of(tls_client_options{.roots = pem::file("/nowhere/roots.pem")}) ==
        "TLS: the roots /nowhere/roots.pem: No such file or directory");
  CHECK(refusal_of(tls_client_options{.roots = pem::text("no certificates here")}) ==
        "TLS: the roots: no certificate is in it");
  CHECK(refusal_of(tls_client_options{.roots = pem::text(authority.root()),
                                      .certificate = {pem::text(good.chain), {}}})
            .starts_with("TLS: the client's key: "));
  auto asks = serving(pem::text(good.chain), pem::text(good.key));
  asks.clients = client_certificates::required;
  CHECK(refusal_of(asks) == "TLS: clients' certificates are asked for, and client_roots is not given");
}

TEST_CASE("TLS options: what is given and empty is refused, and not taken for what was not given", "[tls]") {
  test_authority const authority;
  auto const good = authority.issue();
  CHECK(refusal_of(tls_client_options{.roots = pem::text("")}) == "TLS: the roots: no certificate is in it");
  CHECK(refusal_of(tls_client_options{.roots = pem::file("")}) ==
        "TLS: the roots : No such file or directory");
  CHECK(refusal_of(tls_client_options{.certificate = {pem::text(""), pem::text("")}})
            .starts_with("TLS: the client's certificate: "));
  auto asks = serving(pem::text(good.chain), pem::text(good.key));
  asks.clients = client_certificates::required;
  asks.client_roots = pem::text("");
  CHECK(refusal_of(asks) == "TLS: the clients' roots: no certificate is in it");
}

TEST_CASE("TLS options: a client's default trusts the system's roots", "[tls]") {
  CHECK(refusal_of(tls_client_options{}) == "loaded");
}

TEST_CASE("TLS options: a file is read, and an empty one is refused", "[tls]") {
  test_authority const authority;
  auto const path =
      (std::filesystem::temp_directory_path() / ("sluice-roots-" + std::to_string(::getpid()) + ".pem"))
          .string();
  std::ofstream{path} << authority.root();
  CHECK(refusal_of(tls_client_options{.roots = pem::file(path)}) == "loaded");
  std::ofstream{path, std::ios::trunc};
  CHECK(
      refusal_of(tls_client_options{.roots = pem::file(path)}).starts_with("TLS: the roots " + path + ": "));
  std::filesystem::remove(path);
}

TEST_CASE("TLS sessions: one for each key, given out once, the oldest goes first", "[tls]") {
  auto const session = [] { return net::openssl_ptr<SSL_SESSION>{SSL_SESSION_new()}; };
  net::tls_sessions kept{2};
  CHECK(kept.take("a") == nullptr);
  auto latest = session();
  auto* const expected = latest.get();
  kept.put("a", session());
  kept.put("a", std::move(latest));
  CHECK(kept.size() == 1);
  CHECK(kept.take("a").get() == expected);
  CHECK(kept.take("a") == nullptr);
  kept.put("a", session());
  kept.put("b", session());
  kept.put("c", session());
  CHECK(kept.size() == 2);
  CHECK(kept.take("a") == nullptr);
  CHECK(kept.take("b") != nullptr);
  CHECK(kept.take("c") != nullptr);
}
