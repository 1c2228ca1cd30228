// SPDX-License-Identifier: Apache-2.0
#include "support/certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <stdexcept>

namespace sluice::test {
namespace {

struct free_each {
  void operator()(X509* each) const noexcept { X509_free(each); }
  void operator()(EVP_PKEY* each) const noexcept { EVP_PKEY_free(each); }
  void operator()(BIO* each) const noexcept { BIO_free(each); }
  void operator()(X509_EXTENSION* each) const noexcept { X509_EXTENSION_free(each); }
};
template <class T>
using owned = std::unique_ptr<T, free_each>;

void require(bool done) {
  if (!done) throw std::runtime_error{"OpenSSL could not make a certificate"};
}

owned<EVP_PKEY> new_key() {
  owned<EVP_PKEY> made{EVP_EC_gen("P-256")};
  require(made != nullptr);
  return made;
}

template <class Write>
std::string written(Write write) {
  owned<BIO> const out{BIO_new(BIO_s_mem())};
  require(out && write(out.get()) == 1);
  char* data = nullptr;
  auto const size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  return written([&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
}
std::string pem_of(EVP_PKEY* key) {
  return written(
      [&](BIO* out) { return PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

void extend(X509& certificate, X509& issuer, int what, std::string const& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  owned<X509_EXTENSION> const extension{X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str())};
  require(extension && X509_add_ext(&certificate, extension.get(), -1) == 1);
}

/// Null `issuer`: itself.
owned<X509> new_certificate(certificate_request const& request, EVP_PKEY& key, X509* issuer,
                            EVP_PKEY& issuer_key) {
  owned<X509> made{X509_new()};
  require(made != nullptr);
  X509* const certificate = made.get();
  std::uint64_t serial = 0;
  require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1);
  require(X509_set_version(certificate, X509_VERSION_3) == 1);
  require(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1);
  require(X509_gmtime_adj(X509_getm_notBefore(certificate), request.valid_from.count()) != nullptr);
  require(X509_gmtime_adj(X509_getm_notAfter(certificate), request.valid_to.count()) != nullptr);
  auto* const subject = X509_get_subject_name(certificate);
  require(X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8,
                                     reinterpret_cast<unsigned char const*>("sluice"), -1, -1, 0) == 1);
  require(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                     reinterpret_cast<unsigned char const*>(request.common_name.c_str()), -1,
                                     -1, 0) == 1);
  X509& signer = issuer != nullptr ? *issuer : *certificate;
  require(X509_set_issuer_name(certificate, X509_get_subject_name(&signer)) == 1);
  require(X509_set_pubkey(certificate, &key) == 1);
  extend(*certificate, signer, NID_basic_constraints,
         request.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  std::string names;
  for (auto const& each : request.names) names += (names.empty() ? "" : ",") + each;
  if (!names.empty()) extend(*certificate, signer, NID_subject_alt_name, names);
  require(X509_sign(certificate, &issuer_key, EVP_sha256()) != 0);
  return made;
}

}  // namespace

struct test_authority::issuer {
  owned<EVP_PKEY> key = new_key();
  owned<X509> certificate;
};

test_authority::test_authority(std::string const& name) : issuer_{std::make_unique<issuer>()} {
  certificate_request request;
  request.common_name = name;
  request.names.clear();
  request.authority = true;
  issuer_->certificate = new_certificate(request, *issuer_->key, nullptr, *issuer_->key);
  root_ = pem_of(issuer_->certificate.get());
}

test_authority::~test_authority() = default;

made_certificate test_authority::issue(certificate_request const& request) const {
  auto const key = new_key();
  auto const certificate = new_certificate(request, *key, issuer_->certificate.get(), *issuer_->key);
  return {pem_of(certificate.get()), pem_of(key.get())};
}

made_certificate self_signed(certificate_request const& request) {
  auto const key = new_key();
  auto const certificate = new_certificate(request, *key, nullptr, *key);
  return {pem_of(certificate.get()), pem_of(key.get())};
}

}  // namespace sluice::test
