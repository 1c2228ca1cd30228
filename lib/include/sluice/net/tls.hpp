// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>
#include <sluice/coro/asio_forward.hpp>
#include <sluice/net/byte_stream.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

namespace net {
class tls_client_state;
class tls_server_state;
}  // namespace net

/// Certificates or a key in PEM: the text itself, or the file that has it. A file is read when the options that name it
/// are loaded, and again by `reload_if_changed`.
class pem {
 public:
  pem() = default;  ///< none is given
  [[nodiscard]] static pem text(std::string content) { return pem{std::move(content), false}; }
  [[nodiscard]] static pem file(std::string path) { return pem{std::move(path), true}; }

  /// Not the default. An empty text is given all the same, and refused: whoever gives it meant to give something.
  [[nodiscard]] bool given() const noexcept { return given_; }
  [[nodiscard]] bool is_file() const noexcept { return is_file_; }
  /// The path, or the text.
  [[nodiscard]] std::string const& what() const noexcept { return what_; }

 private:
  pem(std::string what, bool is_file) : what_{std::move(what)}, given_{true}, is_file_{is_file} {}
  std::string what_;
  bool given_ = false;
  bool is_file_ = false;
};

/// Who one end is: its certificate, followed by those that lead to a root, and the key of the first. Keys that need a
/// pass phrase are refused.
struct tls_certificate {
  pem chain = {};
  pem key = {};
};

enum class tls_version : std::uint8_t { tls_1_2, tls_1_3 };

/// How a client uses TLS. The defaults verify the server against the system's roots.
struct tls_client_options {
  /// Whom to trust. Not given: the system's roots (OpenSSL's default paths; SSL_CERT_FILE and SSL_CERT_DIR name others).
  pem roots = {};
  /// The name that the server's certificate must bear, and that is sent as SNI. Empty: the host of the channel's
  /// authority. A numeric address is looked for among the certificate's addresses, and is not sent.
  std::string server_name = {};
  /// For servers that ask for it (mutual TLS). Not given: none.
  tls_certificate certificate = {};
  tls_version minimum_version = tls_version::tls_1_2;
  /// Sessions kept for resumption, one for each server name and address; the oldest goes first. 0: none.
  std::size_t sessions = 128;
  /// For tests alone: takes any certificate, so whoever sits between can read and change everything. The peer's identity
  /// is not `verified` then.
  bool dangerously_accept_any_server = false;
};

/// What a server asks of its clients.
enum class client_certificates : std::uint8_t {
  ignored,  ///< none is asked for
  optional,  ///< asked for; one that comes must verify
  required,
};

/// How a server uses TLS.
struct tls_server_options {
  /// At least one. A client that names a server (SNI) gets the first whose names fit; otherwise the first of all.
  std::vector<tls_certificate> certificates = {};
  /// Whom clients' certificates must lead to. Needed unless they are ignored.
  pem client_roots = {};
  client_certificates clients = client_certificates::ignored;
  tls_version minimum_version = tls_version::tls_1_2;
  /// From accepting the connection to the end of the handshake. Longer: the connection is closed.
  duration handshake_timeout = std::chrono::seconds{20};
};

/// A client's side of TLS: loaded options and kept sessions.
///
///   sluice::channel channel{executor, "example.org:443", {.tls = sluice::tls_client{}}};
///
/// Always: TLS 1.2 or 1.3, ALPN "h2" (a server that does not choose it is refused), no renegotiation, no compression;
/// with TLS 1.2 only ECDHE with AES-GCM or ChaCha20-Poly1305 (RFC 9113, appendix A).
///
/// Concurrency: a handle; copies share what they stand for, and all calls may be made from any thread.
class tls_client {
 public:
  /// Throws status_error INVALID_ARGUMENT for what cannot be loaded: which file, and OpenSSL's reason.
  explicit tls_client(tls_client_options options = {});

  /// New connections use `options`; those that are open go on. Kept sessions are forgotten. Throws as the constructor
  /// does, and then nothing has changed.
  void reload(tls_client_options options) const;
  /// Loads the options anew if one of their files has changed since, by time of modification or size. True: it did.
  /// Throws as `reload` does; a file that has gone counts as changed. It touches the disk: call it from a timer, not for each call.
  bool reload_if_changed() const;

  /// TLS over a connected stream of the executor's. `server_name` counts unless the options name one.
  [[nodiscard]] std::unique_ptr<byte_stream> wrap(boost::asio::any_io_executor const& executor,
                                                  std::unique_ptr<byte_stream> below,
                                                  std::string_view server_name) const;

 private:
  std::shared_ptr<net::tls_client_state> state_;
};

/// A server's side of TLS.
///
///   sluice::tls_server tls{{.certificates = {{sluice::pem::file("chain.pem"), sluice::pem::file("key.pem")}}}};
///   server.listen("0.0.0.0:443", tls);
///
/// Always: as for tls_client; a client that does not offer "h2" by ALPN is refused. Clients may resume sessions by
/// tickets (until the next reload, which makes new ticket keys).
///
/// Concurrency: a handle; copies share what they stand for, and all calls may be made from any thread.
class tls_server {
 public:
  /// Throws status_error INVALID_ARGUMENT for what cannot be loaded: which file, and OpenSSL's reason.
  explicit tls_server(tls_server_options options);

  /// New connections use `options`; those that are open go on. Throws as the constructor does, and then nothing has
  /// changed.
  void reload(tls_server_options options) const;
  /// As tls_client's.
  bool reload_if_changed() const;

  /// TLS over a connected stream of the executor's.
  [[nodiscard]] std::unique_ptr<byte_stream> wrap(boost::asio::any_io_executor const& executor,
                                                  std::unique_ptr<byte_stream> below) const;

 private:
  std::shared_ptr<net::tls_server_state> state_;
};

}  // namespace sluice
