// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/code.hpp>

#include <cstdint>

namespace sluice::wire {

/// The error codes of RST_STREAM and GOAWAY (RFC 9113, 7).
enum class http2_error : std::uint32_t {
  no_error = 0x0,
  protocol_error = 0x1,
  internal_error = 0x2,
  flow_control_error = 0x3,
  settings_timeout = 0x4,
  stream_closed = 0x5,
  frame_size_error = 0x6,
  refused_stream = 0x7,
  cancel = 0x8,
  compression_error = 0x9,
  connect_error = 0xa,
  enhance_your_calm = 0xb,
  inadequate_security = 0xc,
  http_1_1_required = 0xd,
};

/// What a received RST_STREAM ends a call with, when no trailers came before it. Numbers outside the table: UNKNOWN.
[[nodiscard]] code code_for_rst(std::uint32_t error) noexcept;

/// The peer promises that it did nothing with the call, so it may be tried again.
[[nodiscard]] constexpr bool rst_is_retryable(std::uint32_t error) noexcept {
  return error == static_cast<std::uint32_t>(http2_error::refused_stream);
}

/// What to reset a stream with when our call ended with `value`. Never REFUSED_STREAM, which promises that nothing was
/// done: who can promise that names it.
[[nodiscard]] std::uint32_t rst_for(code value) noexcept;

}  // namespace sluice::wire
