// SPDX-License-Identifier: Apache-2.0
#include "net/tls_context.hpp"

#include <sluice/core/status.hpp>

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cerrno>
#include <fstream>
#include <new>
#include <sstream>
#include <system_error>
#include <utility>

#include "net/tls_error.hpp"

namespace sluice::net {
namespace {

// What RFC 9113, appendix A, leaves of TLS 1.2.
constexpr char const* tls_1_2_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
// One read of the socket brings up to two full records.
constexpr std::size_t read_ahead = std::size_t{32} * 1024;

std::string name_of(pem const& source, std::string_view what) {
  std::string name{what};
  if (source.is_file()) name.append(" ").append(source.what());
  return name;
}

[[noreturn]] void refuse(pem const& source, std::string_view what, std::string_view why) {
  throw status_error{code::invalid_argument, "TLS: " + name_of(source, what) + ": " + std::string{why}};
}

std::string content_of(pem const& source, std::string_view what) {
  if (!source.is_file()) return source.what();
  errno = 0;
  std::ifstream in{source.what(), std::ios::binary};
  std::ostringstream content;
  if (!in || !(content << in.rdbuf())) {
    std::string const why = errno != 0 ? std::generic_category().message(errno) : "it is empty or unreadable";
    refuse(source, what, why);
  }
  return std::move(content).str();
}

openssl_ptr<BIO> reader_of(std::string const& text) {
  openssl_ptr<BIO> made{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  if (!made) throw std::bad_alloc{};
  return made;
}

// Instead of OpenSSL's, which asks at the terminal.
int no_pass_phrase(char*, int, int, void*) { return -1; }

openssl_ptr<X509> next_certificate(BIO& from) {
  return openssl_ptr<X509>{PEM_read_bio_X509(&from, nullptr, no_pass_phrase, nullptr)};
}

// The end of the text is how a list of certificates ends.
bool only_the_end() {
  auto const error = ERR_peek_last_error();
  bool const end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (end) ERR_clear_error();
  return end;
}

}  // namespace

// ---- files -----------------------------------------------------------------------------------------------------------

watched_files::stamp watched_files::look_at(std::string const& path) {
  std::error_code error;
  stamp made;
  made.path = path;
  made.when = std::filesystem::last_write_time(path, error);
  if (error) made.when = {};
  made.size = std::filesystem::file_size(path, error);
  if (error) made.size = 0;
  return made;
}

void watched_files::add(pem const& each) {
  if (each.is_file()) files_.push_back(look_at(each.what()));
}

bool watched_files::changed() const {
  for (auto const& each : files_)
    if (look_at(each.path) != each) return true;
  return false;
}

// ---- contexts --------------------------------------------------------------------------------------------------------

openssl_ptr<SSL_CTX> make_context(SSL_METHOD const* method, tls_version minimum) {
  openssl_ptr<SSL_CTX> made{SSL_CTX_new(method)};
  if (!made) throw std::bad_alloc{};
  SSL_CTX* const context = made.get();
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_min_proto_version(context, minimum == tls_version::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, tls_1_2_ciphers);
  // An idle connection holds no record buffers: 34 KB less for each one of thousands.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, read_ahead);
  return made;
}

void use_certificate(SSL_CTX& context, tls_certificate const& certificate, std::string_view what) {
  ERR_clear_error();
  std::string const chain_name = std::string{what} + "'s certificate";
  std::string const chain_text = content_of(certificate.chain, chain_name);
  auto const chain = reader_of(chain_text);
  auto const own = next_certificate(*chain);
  if (!own || SSL_CTX_use_certificate(&context, own.get()) != 1)
    refuse(certificate.chain, chain_name, take_openssl_error());
  while (auto const issuer = next_certificate(*chain))
    if (SSL_CTX_add1_chain_cert(&context, issuer.get()) != 1)
      refuse(certificate.chain, chain_name, take_openssl_error());
  if (!only_the_end()) refuse(certificate.chain, chain_name, take_openssl_error());

  std::string const key_name = std::string{what} + "'s key";
  std::string const key_text = content_of(certificate.key, key_name);
  openssl_ptr<EVP_PKEY> const key{
      PEM_read_bio_PrivateKey(reader_of(key_text).get(), nullptr, no_pass_phrase, nullptr)};
  if (!key || SSL_CTX_use_PrivateKey(&context, key.get()) != 1 || SSL_CTX_check_private_key(&context) != 1)
    refuse(certificate.key, key_name, take_openssl_error());
}

void trust(SSL_CTX& context, pem const& roots, std::string_view what) {
  ERR_clear_error();
  std::string const text = content_of(roots, what);
  auto const list = reader_of(text);
  std::size_t count = 0;
  while (auto const each = next_certificate(*list)) {
    ++count;
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(&context), each.get()) != 1)
      refuse(roots, what, take_openssl_error());
    // A server names them to its clients, which choose their certificate by it.
    SSL_CTX_add_client_CA(&context, each.get());
  }
  if (!only_the_end()) refuse(roots, what, take_openssl_error());
  if (count == 0) refuse(roots, what, "no certificate is in it");
}

void trust_system(SSL_CTX& context) {
  if (SSL_CTX_set_default_verify_paths(&context) != 1)
    throw status_error{code::invalid_argument, "TLS: the system's roots: " + take_openssl_error()};
}

}  // namespace sluice::net
