// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace bench {

// How the load speaks TLS: version 1.3, no resumption, and whatever certificate the server shows, which it
// checks no further. Empty without a directory.
class load_tls {
 public:
  explicit load_tls(std::string const& directory);
  SSL_CTX* get() const { return context_.get(); }

 private:
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
};

// A connected socket that does not block, with or without TLS.
class load_socket {
 public:
  // `source` spreads connections over the addresses of the loopback: each has ports of its own.
  load_socket(std::uint16_t port, load_tls const& tls, unsigned source);
  load_socket(load_socket const&) = delete;
  load_socket& operator=(load_socket const&) = delete;
  ~load_socket();

  int descriptor() const { return socket_; }
  bool encrypted() const { return tls_ != nullptr; }
  // Nothing can be written before something has been read.
  bool must_read_first() const { return must_read_first_; }
  // How many bytes; 0: none for now. The end of the connection ends the program.
  std::size_t receive(std::uint8_t* into, std::size_t size);
  std::size_t send(std::uint8_t const* from, std::size_t size);

 private:
  std::size_t done(int result, char const* what);

  int socket_;
  std::unique_ptr<SSL, void (*)(SSL*)> tls_;
  bool must_read_first_ = false;
};

}  // namespace bench
