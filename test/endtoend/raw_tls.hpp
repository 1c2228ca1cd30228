// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "world.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace endtoend {

using tcp = asio::ip::tcp;

struct free_raw_tls {
  void operator()(SSL_CTX* each) const noexcept { SSL_CTX_free(each); }
  void operator()(SSL* each) const noexcept { SSL_free(each); }
};

[[nodiscard]] inline std::uint16_t port_of(std::string_view address) {
  return static_cast<std::uint16_t>(std::stoi(std::string{address.substr(address.rfind(':') + 1)}));
}

/// OpenSSL by hand: a peer that a test can have do anything.
class raw_tls {
 public:
  raw_tls(asio::io_context& io, SSL_METHOD const* method) : socket_{io}, context_{SSL_CTX_new(method)} {
    SSL_CTX_set_cipher_list(context_.get(), "ALL:@SECLEVEL=0");
  }
  [[nodiscard]] SSL_CTX* context() noexcept { return context_.get(); }
  [[nodiscard]] SSL* ssl() noexcept { return ssl_.get(); }
  /// Of an earlier one: its options, and its ticket keys.
  raw_tls(asio::io_context& io, SSL_CTX* context) : socket_{io}, context_{context} {
    SSL_CTX_up_ref(context);
  }
  /// As a server: its certificate, and h2 chosen whatever was offered.
  void present(std::string const& chain, std::string const& key) {
    auto* const chain_text = BIO_new_mem_buf(chain.data(), static_cast<int>(chain.size()));
    auto* const certificate = PEM_read_bio_X509(chain_text, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(context(), certificate);
    X509_free(certificate);
    BIO_free(chain_text);
    auto* const key_text = BIO_new_mem_buf(key.data(), static_cast<int>(key.size()));
    auto* const private_key = PEM_read_bio_PrivateKey(key_text, nullptr, nullptr, nullptr);
    SSL_CTX_use_PrivateKey(context(), private_key);
    EVP_PKEY_free(private_key);
    BIO_free(key_text);
    auto const choose = [](SSL*, unsigned char const** chosen, unsigned char* size,
                           unsigned char const* offered, unsigned, void*) {
      *chosen = offered + 1;
      *size = offered[0];
      return SSL_TLSEXT_ERR_OK;
    };
    SSL_CTX_set_alpn_select_cb(context(), choose, nullptr);
  }
  void offer(std::string_view protocols) {
    SSL_CTX_set_alpn_protos(context(), reinterpret_cast<unsigned char const*>(protocols.data()),
                            static_cast<unsigned>(protocols.size()));
  }
  /// Shakes hands, and reads until the server says something or closes. What went wrong; empty: nothing.
  task<std::string> connect(std::string address) {
    co_await socket_.async_connect({asio::ip::address_v4::loopback(), port_of(address)}, asio::deferred);
    ssl_.reset(SSL_new(context()));
    SSL_set_bio(ssl(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl());
    co_return co_await step(&SSL_do_handshake);
  }
  /// The same as a server.
  task<std::string> accept(tcp::acceptor& from) {
    socket_ = co_await from.async_accept(asio::deferred);
    ssl_.reset(SSL_new(context()));
    SSL_set_bio(ssl(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ssl());
    co_return co_await step(&SSL_do_handshake);
  }
  /// One operation to its end.
  task<std::string> step(int (*operation)(SSL*)) {
    for (;;) {
      ERR_clear_error();
      int const result = operation(ssl());
      int const error = SSL_get_error(ssl(), result);
      auto const first = ERR_peek_error();
      std::string const text = first == 0 ? "closed" : ERR_reason_error_string(first);
      co_await send();
      if (result == 1) co_return "";
      if (error != SSL_ERROR_WANT_READ) co_return text;
      std::array<char, 4096> some{};
      std::size_t count = 0;
      try {
        count = co_await socket_.async_read_some(asio::buffer(some), asio::deferred);
      } catch (boost::system::system_error const&) { co_return "closed"; }
      BIO_write(SSL_get_rbio(ssl()), some.data(), static_cast<int>(count));
    }
  }
  static int read_something(SSL* ssl) {
    char byte = 0;
    std::size_t count = 0;
    return SSL_read_ex(ssl, &byte, 1, &count);
  }

 private:
  task<void> send() {
    std::array<char, 4096> some{};
    for (;;) {
      int const count = BIO_read(SSL_get_wbio(ssl()), some.data(), static_cast<int>(some.size()));
      if (count <= 0) co_return;
      try {
        co_await asio::async_write(socket_, asio::buffer(some.data(), static_cast<std::size_t>(count)),
                                   asio::deferred);
      } catch (boost::system::system_error const&) { co_return; }
    }
  }
  tcp::socket socket_;
  std::unique_ptr<SSL_CTX, free_raw_tls> context_;
  std::unique_ptr<SSL, free_raw_tls> ssl_;
};

}  // namespace endtoend
