// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>
#include <sluice/net/byte_stream.hpp>
#include <sluice/net/peer_identity.hpp>

#include <openssl/ssl.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "net/tls_context.hpp"

namespace sluice::net {

/// Where a tls_engine has its ciphertext from and to. Neither call throws, and neither calls the engine.
class tls_records {
 public:
  /// As byte_stream::read.
  virtual io_result pull(std::span<std::byte> into) noexcept = 0;
  /// Takes all of it; false: there is no memory.
  virtual bool push(bytes_view bytes) noexcept = 0;

 protected:
  ~tls_records() = default;
};

enum class tls_side : std::uint8_t { client, server };

/// How the engine talks to OpenSSL: kept by each context, and needed as long as its engines live.
[[nodiscard]] openssl_ptr<BIO_METHOD> make_records_bio();

/// One TLS connection as a machine: ciphertext through tls_records, plaintext through read and write, no I/O and no time.
///
///   handshaking -> open -> failed
///            \------------/
/// Failed is final, and `failure` says why: what the certificate lacks, what the peer refuses, what it speaks instead.
class tls_engine {
 public:
  enum class phase : std::uint8_t { handshaking, open, failed };
  enum class outcome : std::uint8_t { done, blocked, end, failed };

  /// `context` is an SSL_CTX with its BIO_METHOD; both, and the records, outlive the engine.
  tls_engine(tls_side side, SSL_CTX& context, BIO_METHOD const& method, tls_records& records);
  tls_engine(tls_engine const&) = delete;
  tls_engine& operator=(tls_engine const&) = delete;
  ~tls_engine();

  [[nodiscard]] static tls_engine& of(SSL const& ssl) noexcept {
    return *static_cast<tls_engine*>(SSL_get_app_data(&ssl));
  }
  [[nodiscard]] SSL& ssl() noexcept { return *ssl_; }

  /// Client, before the handshake: the server's certificate must bear this name or numeric address.
  void expect_server(std::string_view name, bool accept_any);
  /// Client, before the handshake: what to do with sessions that the server offers to resume.
  void on_session(std::function<void(openssl_ptr<SSL_SESSION>)> keep) { keep_session_ = std::move(keep); }
  void session_offered(openssl_ptr<SSL_SESSION> session) const {
    if (keep_session_) keep_session_(std::move(session));
  }
  /// From OpenSSL's callbacks: why the handshake is about to fail, in better words than OpenSSL's.
  void refuse(std::string_view why) noexcept {
    try {
      refusal_ = why;
    } catch (std::bad_alloc const&) {  // then OpenSSL's words
    }
  }
  /// From outside: the connection is given up.
  void fail(std::string why) noexcept;

  [[nodiscard]] enum phase phase() const noexcept { return phase_; }
  [[nodiscard]] std::string const& failure() const noexcept { return failure_; }
  /// Goes on with the handshake. done: it is over.
  outcome handshake() noexcept;
  /// Once open. done: `bytes` of plaintext are in `into`; end: the peer has ended its direction.
  outcome read(std::span<std::byte> into, std::size_t& bytes) noexcept;
  /// Once open: takes in what is not plaintext.
  void advance() noexcept;
  /// Once open: all of `plaintext`, which is not empty.
  outcome write(bytes_view plaintext) noexcept;
  /// close_notify.
  void shutdown() noexcept;

  [[nodiscard]] peer_identity identity() const;

 private:
  friend struct records_bio;
  static int remember_refused(int accepted, X509_STORE_CTX* verifying) noexcept;
  outcome give_up(int result) noexcept;
  [[nodiscard]] std::string explain(int error);
  [[nodiscard]] std::string explain_foreign();
  [[nodiscard]] std::string explain_certificate();
  static void count_message(int sent, int version, int type, void const* bytes, std::size_t size, SSL* ssl,
                            void* unused) noexcept;
  [[nodiscard]] bool is_foreign() const noexcept;
  [[nodiscard]] bool chose_h2() const noexcept;
  void keep_old_session() noexcept;

  tls_side side_;
  enum phase phase_ = phase::handshaking;
  tls_records& records_;
  openssl_ptr<SSL> ssl_;
  std::string server_name_;  // client
  peer_identity refused_;  // client: whom the certificate names that did not verify
  std::function<void(openssl_ptr<SSL_SESSION>)> keep_session_;
  std::string refusal_;
  std::string failure_;
  std::array<char, 8> first_{};  // what the peer began with
  std::size_t first_size_ = 0;
  std::error_code pull_error_;
  int useless_ = 0;  // handshake messages since the last data, once open
  bool pull_ended_ = false;
};

}  // namespace sluice::net
