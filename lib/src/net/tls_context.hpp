// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/net/tls.hpp>

#include <openssl/ssl.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::net {

struct free_openssl {
  void operator()(SSL_CTX* each) const noexcept { SSL_CTX_free(each); }
  void operator()(SSL* each) const noexcept { SSL_free(each); }
  void operator()(SSL_SESSION* each) const noexcept { SSL_SESSION_free(each); }
  void operator()(BIO* each) const noexcept { BIO_free(each); }
  void operator()(BIO_METHOD* each) const noexcept { BIO_meth_free(each); }
  void operator()(X509* each) const noexcept { X509_free(each); }
  void operator()(EVP_PKEY* each) const noexcept { EVP_PKEY_free(each); }
};
template <class T>
using openssl_ptr = std::unique_ptr<T, free_openssl>;

/// What a load of options read from disk, to see later whether it changed.
class watched_files {
 public:
  void add(pem const& each);
  [[nodiscard]] bool changed() const;

 private:
  struct stamp {
    std::string path;
    std::filesystem::file_time_type when;
    std::uintmax_t size = 0;
    friend bool operator==(stamp const&, stamp const&) = default;
  };
  static stamp look_at(std::string const& path);
  std::vector<stamp> files_;
};

/// An SSL_CTX with what both sides and all options have in common: versions, ciphers, no renegotiation.
[[nodiscard]] openssl_ptr<SSL_CTX> make_context(SSL_METHOD const* method, tls_version minimum);
/// These throw status_error INVALID_ARGUMENT: `what` it was for, which file, and the reason.
void use_certificate(SSL_CTX& context, tls_certificate const& certificate, std::string_view what);
void trust(SSL_CTX& context, pem const& roots, std::string_view what);
void trust_system(SSL_CTX& context);

}  // namespace sluice::net
