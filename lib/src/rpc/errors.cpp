// SPDX-License-Identifier: Apache-2.0
#include <sluice/rpc/errors.hpp>

#include <string>

namespace sluice {
namespace {

constexpr code code_of(errc why) noexcept {
  switch (why) {
    case errc::ok: return code::ok;
    case errc::message_too_large: return code::resource_exhausted;
    case errc::bad_message_flag:
    case errc::compressed_without_encoding:
    case errc::truncated_message:
    case errc::malformed_message:
    case errc::malformed_compression:
    case errc::bad_header:
    case errc::missing_status:
    case errc::stream_reset: return code::internal;
    case errc::missing_message:
    case errc::too_many_messages: return code::unimplemented;
    case errc::bad_content_type: return code::unknown;
    case errc::protocol_error:
    case errc::not_http2:
    case errc::handshake_failed:
    case errc::connection_closed: return code::unavailable;
    case errc::closed: return code::failed_precondition;
  }
  return code::unknown;
}

}  // namespace

status to_status(errc why, std::string_view text) {
  if (why == errc::ok) return status{};
  if (text.empty()) return status{code_of(why), to_string(why)};  // this takes no memory that it must have
  return status{code_of(why), std::string{to_string(why)}.append(": ").append(text)};
}

}  // namespace sluice
