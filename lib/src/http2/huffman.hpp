// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>

#include <cstddef>
#include <optional>

namespace sluice::http2 {

/// The most characters that `coded` bytes may stand for: the shortest code has five bits.
[[nodiscard]] constexpr std::size_t most_decoded(std::size_t coded) noexcept { return coded * 8 / 5; }

/// Decodes a string of HPACK (RFC 7541, 5.2 and appendix B); returns its length, or nothing when it is malformed. `to`
/// has room for most_decoded(coded.size()) characters.
[[nodiscard]] std::optional<std::size_t> decode_huffman(bytes_view coded, char* to) noexcept;

}  // namespace sluice::http2
