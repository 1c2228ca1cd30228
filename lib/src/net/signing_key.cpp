// SPDX-License-Identifier: Apache-2.0
#include "net/signing_key.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstddef>
#include <limits>
#include <utility>

namespace sluice::net {
namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* what) const noexcept {
    Free(what);
  }
};
using bio = std::unique_ptr<BIO, freed_by<&BIO_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<&EVP_PKEY_free>>;
using digest = std::unique_ptr<EVP_MD_CTX, freed_by<&EVP_MD_CTX_free>>;
using ec_signature = std::unique_ptr<ECDSA_SIG, freed_by<&ECDSA_SIG_free>>;

constexpr int half_of_es256 = 32;
constexpr int least_rsa_bits = 2048;  // RFC 7518, 3.3

// Without it OpenSSL would ask at the terminal for the passphrase of an encrypted key.
int no_passphrase(char*, int, int, void*) { return -1; }

bool is_p256(EVP_PKEY* key) {
  char name[32] = {};
  std::size_t size = 0;
  return EVP_PKEY_get_group_name(key, name, sizeof name, &size) == 1 &&
         std::string_view{name, size} == std::string_view{"prime256v1"};
}

status refused(std::string_view why) {
  ERR_clear_error();
  std::string text{"the signing key "};
  return status{code::invalid_argument, text.append(why)};
}

result<std::string> in_jws_form(std::string const& der) {
  auto const* from = reinterpret_cast<unsigned char const*>(der.data());
  ec_signature const parsed{d2i_ECDSA_SIG(nullptr, &from, static_cast<long>(der.size()))};
  std::string both(2 * half_of_es256, '\0');
  auto* const to = reinterpret_cast<unsigned char*>(both.data());
  if (!parsed || BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), to, half_of_es256) != half_of_es256 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), to + half_of_es256, half_of_es256) != half_of_es256)
    return status{code::internal, "the signature could not be encoded"};
  return both;
}

}  // namespace

struct signing_key::state {
  key_ptr key;
  bool rsa;
};

signing_key::signing_key(std::unique_ptr<state> key) noexcept : key_{std::move(key)} {}
signing_key::signing_key(signing_key&&) noexcept = default;
signing_key& signing_key::operator=(signing_key&&) noexcept = default;
signing_key::~signing_key() = default;

result<signing_key> signing_key::from_pem(std::string_view pem) {
  if (pem.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return refused("is too large");
  bio const text{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  if (!text) return refused("could not be read: out of memory");
  key_ptr key{PEM_read_bio_PrivateKey(text.get(), nullptr, &no_passphrase, nullptr)};
  if (!key) return refused("is no private key in PEM, or is encrypted");
  bool const rsa = EVP_PKEY_is_a(key.get(), "RSA") == 1;
  if (rsa && EVP_PKEY_get_bits(key.get()) < least_rsa_bits)
    return refused("is an RSA key of less than 2048 bits");
  if (!rsa && !is_p256(key.get())) return refused("is neither RSA nor of the curve P-256");
  ERR_clear_error();
  return signing_key{std::make_unique<state>(state{std::move(key), rsa})};
}

std::string_view signing_key::algorithm() const noexcept { return key_->rsa ? "RS256" : "ES256"; }

result<std::string> signing_key::sign(std::string_view text) const {
  digest const context{EVP_MD_CTX_new()};
  auto const* const bytes = reinterpret_cast<unsigned char const*>(text.data());
  std::size_t size = 0;
  std::string made;
  bool const sized =
      context && EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_->key.get()) == 1 &&
      EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1;
  if (sized) made.resize(size);
  if (!sized || EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(made.data()), &size, bytes,
                               text.size()) != 1) {
    ERR_clear_error();
    return status{code::internal, "the token could not be signed"};
  }
  made.resize(size);
  if (key_->rsa) return made;
  return in_jws_form(made);
}

}  // namespace sluice::net
