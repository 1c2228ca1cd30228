// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/credentials.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace sluice {

/// What a self-made token says. Set what differs.
struct jwt_options {
  /// An RSA key of 2048 bits or more (RS256) or one of the curve P-256 (ES256), in PEM, not encrypted.
  std::string private_key_pem;
  /// Who it is from and about: "iss" and "sub". An empty subject is the issuer.
  std::string issuer;
  std::string subject = {};
  /// "aud". Empty: call_info::audience of the call.
  std::string audience = {};
  /// "kid" of the header; left out when empty.
  std::string key_id = {};
  /// From "iat" to "exp", by the system's clock. A token is used for this long, less a minute.
  duration lifetime = std::chrono::hours{1};
};

/// Bearer tokens that this process signs itself: JSON Web Tokens (RFC 7519), one for each audience.
/// Throws status_error INVALID_ARGUMENT: a key that cannot sign, no issuer, a lifetime under two minutes.
/// Concurrency: of one executor; make one for each.
[[nodiscard]] std::shared_ptr<call_credentials> jwt_token(jwt_options options);

}  // namespace sluice
