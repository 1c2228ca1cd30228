// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/result.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace sluice::net {

/// A private key that signs JSON Web Tokens (RFC 7518): RSA signs RS256, P-256 signs ES256. Here because OpenSSL is known
/// to net alone; it does no I/O.
class signing_key {
 public:
  /// From PEM. Fails with INVALID_ARGUMENT: what is no private key, is encrypted, or is of another kind.
  [[nodiscard]] static result<signing_key> from_pem(std::string_view pem);
  signing_key(signing_key&&) noexcept;
  signing_key& operator=(signing_key&&) noexcept;
  ~signing_key();

  /// "RS256" or "ES256".
  [[nodiscard]] std::string_view algorithm() const noexcept;
  /// The signature of `text` in the form of JWS: for ES256, R and S of 32 bytes each (RFC 7518, 3.4).
  [[nodiscard]] result<std::string> sign(std::string_view text) const;

 private:
  struct state;
  explicit signing_key(std::unique_ptr<state> key) noexcept;
  std::unique_ptr<state> key_;
};

}  // namespace sluice::net
