// SPDX-License-Identifier: Apache-2.0
#include "transport/preface.hpp"

#include <algorithm>
#include <array>

namespace sluice::transport {
namespace {

constexpr std::string_view http1_refusal =
    "HTTP/1.1 505 HTTP Version Not Supported\r\n"
    "content-type: text/plain\r\ncontent-length: 48\r\nconnection: close\r\n\r\n"
    "This port speaks gRPC over HTTP/2 without TLS.\r\n";

bool is_tls(std::string_view text) noexcept {
  return text.size() >= 2 && (text[0] == 0x15 || text[0] == 0x16) && text[1] == 0x03;
}

}  // namespace

foreign_protocol recognize_foreign(bytes_view first, http2::side ours) noexcept {
  std::string_view const text = as_text(first);
  if (ours == http2::side::client) {
    if (text.starts_with("HTTP/")) return {"the peer speaks HTTP/1.1, not HTTP/2", {}};
    if (is_tls(text)) return {"the peer expects TLS on this port", {}};
    return {};
  }
  if (is_tls(text)) return {"the client speaks TLS, this port is cleartext", {}};
  constexpr std::array<std::string_view, 7> methods{"GET ",     "POST ",   "HEAD ",   "PUT ",
                                                    "OPTIONS ", "DELETE ", "CONNECT "};
  if (std::any_of(methods.begin(), methods.end(), [text](std::string_view m) { return text.starts_with(m); }))
    return {"the client speaks HTTP/1.1, not HTTP/2", http1_refusal};
  return {};
}

}  // namespace sluice::transport
