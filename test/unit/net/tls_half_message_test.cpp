// SPDX-License-Identifier: Apache-2.0
// A peer of OpenSSL's own, whose records the test hands on one by one.
#include <sluice/net/tls.hpp>
#include <sluice/testing/pipe.hpp>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <boost/asio/io_context.hpp>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "net/tls_context.hpp"
#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "unit/net/waiter.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace sluice::testing;
namespace asio = boost::asio;

namespace {

// A ticket that carries so much does not fit into one of the smallest records that TLS has.
constexpr int smallest_record = 512;
constexpr std::size_t large_ticket = 1000;

int carry_much(SSL* ssl, void*) {
  static std::string const much(large_ticket, 'm');
  return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), much.data(), much.size());
}

class raw_server {
 public:
  explicit raw_server(made_certificate const& own) : context_{SSL_CTX_new(TLS_server_method())} {
    net::openssl_ptr<BIO> const chain{BIO_new_mem_buf(own.chain.data(), static_cast<int>(own.chain.size()))};
    net::openssl_ptr<X509> const certificate{PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)};
    net::openssl_ptr<BIO> const key{BIO_new_mem_buf(own.key.data(), static_cast<int>(own.key.size()))};
    net::openssl_ptr<EVP_PKEY> const private_key{
        PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr)};
    SSL_CTX_use_certificate(context_.get(), certificate.get());
    SSL_CTX_use_PrivateKey(context_.get(), private_key.get());
    SSL_CTX_set_num_tickets(context_.get(), 0);
    SSL_CTX_set_session_ticket_cb(context_.get(), carry_much, nullptr, nullptr);
    auto const choose = [](SSL*, unsigned char const** chosen, unsigned char* size,
                           unsigned char const* offered, unsigned, void*) {
      *chosen = offered + 1;
      *size = offered[0];
      return SSL_TLSEXT_ERR_OK;
    };
    SSL_CTX_set_alpn_select_cb(context_.get(), choose, nullptr);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ssl());
    SSL_set_max_send_fragment(ssl(), smallest_record);
  }
  [[nodiscard]] SSL* ssl() noexcept { return ssl_.get(); }

  void hear(std::string_view bytes) {
    BIO_write(SSL_get_rbio(ssl()), bytes.data(), static_cast<int>(bytes.size()));
  }
  /// What it has to say.
  std::string said() {
    std::string all(64 * 1024, '\0');
    int const count = BIO_read(SSL_get_wbio(ssl()), all.data(), static_cast<int>(all.size()));
    all.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return all;
  }
  std::string read() {
    std::array<char, 1000> some{};
    std::size_t count = 0;
    return SSL_read_ex(ssl(), some.data(), some.size(), &count) == 1 ? std::string{some.data(), count} : "";
  }

 private:
  net::openssl_ptr<SSL_CTX> context_;
  net::openssl_ptr<SSL> ssl_;
};

std::size_t first_record(std::string_view bytes) {
  auto const at = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i]));
  };
  return 5 + at(3) * 256 + at(4);
}

struct waits_for_the_rest {
  waits_for_the_rest() {
    std::unique_ptr<byte_stream> below;
    std::tie(below, peer_end) = make_pipe(io.get_executor());
    tls_client const tls{{.roots = pem::text(authority.root())}};
    client = tls.wrap(io.get_executor(), std::move(below), "localhost");
    CHECK(write_text(*client, "x").would_block);
    for (int i = 0; i != 3; ++i) {
      auto const heard = read_text(*peer_end, 64 * 1024);
      if (heard != "(block)") server.hear(heard);
      SSL_do_handshake(server.ssl());
      pass(server.said());
      CHECK(read_text(*client) == "(block)");
    }
    REQUIRE(SSL_is_init_finished(server.ssl()) == 1);
  }
  void pass(std::string_view bytes) {
    if (!bytes.empty()) REQUIRE(write_text(*peer_end, bytes).bytes == bytes.size());
  }
  /// What runs at once; it does not spin.
  void settle() {
    io.restart();
    for (int i = 0; io.poll_one() != 0; ++i) REQUIRE(i < 100);
  }
  test_authority authority;
  asio::io_context io;
  raw_server server{authority.issue()};
  std::unique_ptr<byte_stream> peer_end;
  std::unique_ptr<byte_stream> client;
};

}  // namespace

TEST_CASE("TLS: a write behind half a message of the peer's waits for the rest, and then goes on", "[tls]") {
  waits_for_the_rest t;
  SSL_new_session_ticket(t.server.ssl());
  SSL_do_handshake(t.server.ssl());
  auto const ticket = t.server.said();
  auto const half = first_record(ticket);
  REQUIRE(half < ticket.size());
  t.pass(ticket.substr(0, half));
  CHECK(read_text(*t.client) == "(block)");

  auto const waiter = std::make_shared<counting_waiter>();
  CHECK(write_text(*t.client, "hello").would_block);
  t.client->wait(io_direction::write, waiter);
  t.settle();
  CHECK(waiter->writes == 0);

  t.pass(ticket.substr(half));
  t.settle();
  CHECK(waiter->writes == 1);
  CHECK(write_text(*t.client, "hello").bytes == 5);
  t.server.hear(read_text(*t.peer_end, 64 * 1024));
  CHECK(t.server.read() == "hello");
  // And what the peer says behind it is still read.
  std::size_t written = 0;
  REQUIRE(SSL_write_ex(t.server.ssl(), "you too", 7, &written) == 1);
  t.pass(t.server.said());
  CHECK(read_text(*t.client) == "you too");
  t.client->close();
}
