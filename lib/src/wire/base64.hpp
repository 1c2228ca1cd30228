// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::wire {

/// RFC 4648's standard alphabet without padding, as -bin values are sent. Appends to `out`.
void base64_encode(std::string_view raw, std::string& out);
[[nodiscard]] std::string base64_encode(std::string_view raw);

/// Reads padded and unpadded text; nothing for any other character, a lone last digit or wrong padding. Bits beyond the
/// last byte are ignored, as most peers do.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

}  // namespace sluice::wire
