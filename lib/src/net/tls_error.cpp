// SPDX-License-Identifier: Apache-2.0
#include "net/tls_error.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>

#include <string_view>
#include <system_error>

namespace sluice::net {
namespace {

// Where OpenSSL's own words leave the reader alone.
std::string_view hint_for(unsigned long error) noexcept {
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return {};
  switch (ERR_GET_REASON(error)) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW: return " (the peer offers no TLS version that this side accepts)";
    case SSL_R_NO_SHARED_CIPHER: return " (no cipher suite that both sides accept)";
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      return " (the connection ended without close_notify: what came last may be missing)";
    default: return {};
  }
}

}  // namespace

std::string take_openssl_error() {
  auto const error = ERR_get_error();
  ERR_clear_error();
  if (error == 0) return "unknown error";
  if (ERR_SYSTEM_ERROR(error)) return std::generic_category().message(ERR_GET_REASON(error));
  bool const is_alert = ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) > SSL_AD_REASON_OFFSET;
  if (is_alert)
    return std::string{"the peer refuses: "} +
           SSL_alert_desc_string_long(ERR_GET_REASON(error) - SSL_AD_REASON_OFFSET);
  auto const* const reason = ERR_reason_error_string(error);
  std::string text = reason != nullptr ? reason : "error " + std::to_string(error);
  text.append(hint_for(error));
  return text;
}

}  // namespace sluice::net
