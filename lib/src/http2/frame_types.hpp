// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/// RFC 9113, 6 and 7.
namespace sluice::http2::frames {

inline constexpr std::uint8_t data = 0, headers = 1, priority = 2, rst_stream = 3, settings = 4,
                              push_promise = 5, ping = 6, goaway = 7, window_update = 8, continuation = 9;
inline constexpr std::uint8_t end_stream = 0x1, ack = 0x1, end_headers = 0x4, padded = 0x8,
                              with_priority = 0x20;
inline constexpr std::uint32_t largest_payload = 16'384;  // until SETTINGS_MAX_FRAME_SIZE says otherwise

}  // namespace sluice::http2::frames

namespace sluice::http2::errors {

inline constexpr std::uint32_t none = 0, protocol = 1, internal = 2, settings_timeout = 4, stream_closed = 5,
                               frame_size = 6, refused_stream = 7, cancel = 8, compression = 9,
                               enhance_your_calm = 11;

}  // namespace sluice::http2::errors
