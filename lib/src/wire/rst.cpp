// SPDX-License-Identifier: Apache-2.0
#include "wire/rst.hpp"

namespace sluice::wire {

code code_for_rst(std::uint32_t error) noexcept {
  switch (static_cast<http2_error>(error)) {
    case http2_error::no_error:
    case http2_error::protocol_error:
    case http2_error::internal_error:
    case http2_error::flow_control_error:
    case http2_error::settings_timeout:
    case http2_error::frame_size_error:
    case http2_error::compression_error:
    case http2_error::connect_error:
    case http2_error::http_1_1_required: return code::internal;
    case http2_error::refused_stream: return code::unavailable;
    case http2_error::cancel: return code::cancelled;
    case http2_error::enhance_your_calm: return code::resource_exhausted;
    case http2_error::inadequate_security: return code::permission_denied;
    case http2_error::stream_closed: break;  // says that the sender saw no open stream: no meaning for a call
  }
  return code::unknown;
}

std::uint32_t rst_for(code value) noexcept {
  auto const pick = [value] {
    switch (value) {
      case code::ok:
        return http2_error::no_error;  // the answer is complete, the rest of the request is not wanted
      case code::cancelled:
      case code::deadline_exceeded:
      case code::unavailable: return http2_error::cancel;
      case code::resource_exhausted: return http2_error::enhance_your_calm;
      case code::permission_denied: return http2_error::inadequate_security;
      default: return http2_error::internal_error;
    }
  };
  return static_cast<std::uint32_t>(pick());
}

}  // namespace sluice::wire
