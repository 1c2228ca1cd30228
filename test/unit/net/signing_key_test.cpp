// SPDX-License-Identifier: Apache-2.0
#include "net/signing_key.hpp"

#include "support/catch.hpp"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <string>

using sluice::code;
using sluice::net::signing_key;

namespace {

struct made_key {
  explicit made_key(EVP_PKEY* what) : key{what} { REQUIRE(key != nullptr); }
  made_key(made_key const&) = delete;
  made_key& operator=(made_key const&) = delete;
  ~made_key() { EVP_PKEY_free(key); }
  [[nodiscard]] std::string pem(char const* passphrase = nullptr) const {
    BIO* const out = BIO_new(BIO_s_mem());
    auto* const word = reinterpret_cast<unsigned char*>(const_cast<char*>(passphrase));
    int const size = passphrase == nullptr ? 0 : static_cast<int>(std::string{passphrase}.size());
    REQUIRE(PEM_write_bio_PrivateKey(out, key, passphrase == nullptr ? nullptr : EVP_aes_128_cbc(), word,
                                     size, nullptr, nullptr) == 1);
    char* text = nullptr;
    auto const length = BIO_get_mem_data(out, &text);
    std::string made{text, static_cast<std::size_t>(length)};
    BIO_free(out);
    return made;
  }
  [[nodiscard]] bool verifies(std::string const& text, std::string const& signature) const {
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    REQUIRE(EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key) == 1);
    bool const good =
        EVP_DigestVerify(context, reinterpret_cast<unsigned char const*>(signature.data()), signature.size(),
                         reinterpret_cast<unsigned char const*>(text.data()), text.size()) == 1;
    EVP_MD_CTX_free(context);
    return good;
  }
  EVP_PKEY* key;
};

// From the form of JWS to the one that OpenSSL verifies.
std::string as_der(std::string const& both) {
  auto const* const bytes = reinterpret_cast<unsigned char const*>(both.data());
  ECDSA_SIG* const parsed = ECDSA_SIG_new();
  ECDSA_SIG_set0(parsed, BN_bin2bn(bytes, 32, nullptr), BN_bin2bn(bytes + 32, 32, nullptr));
  unsigned char* der = nullptr;
  int const size = i2d_ECDSA_SIG(parsed, &der);
  std::string made{reinterpret_cast<char const*>(der), static_cast<std::size_t>(size)};
  OPENSSL_free(der);
  ECDSA_SIG_free(parsed);
  return made;
}

}  // namespace

TEST_CASE("an RSA key signs RS256") {
  made_key const key{EVP_RSA_gen(2048)};
  auto const signing = signing_key::from_pem(key.pem());
  REQUIRE(signing);
  CHECK(signing->algorithm() == "RS256");
  auto const signature = signing->sign("header.claims");
  REQUIRE(signature);
  CHECK(key.verifies("header.claims", *signature));
  CHECK_FALSE(key.verifies("header.claimz", *signature));
}

TEST_CASE("a key of P-256 signs ES256: R and S, of 32 bytes each however small they are") {
  made_key const key{EVP_EC_gen("P-256")};
  auto const signing = signing_key::from_pem(key.pem());
  REQUIRE(signing);
  CHECK(signing->algorithm() == "ES256");
  for (int i = 0; i != 300; ++i) {  // about two of them have a leading zero byte
    std::string const text = "header." + std::to_string(i);
    auto const signature = signing->sign(text);
    REQUIRE(signature);
    REQUIRE(signature->size() == 64);
    REQUIRE(key.verifies(text, as_der(*signature)));
  }
}

TEST_CASE("a key that cannot sign is refused, and says why") {
  made_key const small{EVP_RSA_gen(1024)};
  made_key const other_curve{EVP_EC_gen("P-384")};
  made_key const edwards{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")};
  made_key const locked{EVP_EC_gen("P-256")};
  for (auto const& [pem, says] :
       {std::pair{small.pem(), "2048"},
        {other_curve.pem(), "P-256"},
        {edwards.pem(), "P-256"},
        {locked.pem("word"), "encrypted"},
        {std::string{}, "PEM"},
        {std::string{"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}, "PEM"}}) {
    auto const refused = signing_key::from_pem(pem);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == code::invalid_argument);
    CHECK(refused.error().message().find(says) != std::string_view::npos);
  }
}
