// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sluice::wire {

/// The names that grpc-encoding and grpc-accept-encoding carry.
inline constexpr std::string_view encoding_identity = "identity";
inline constexpr std::string_view encoding_gzip = "gzip";
inline constexpr std::string_view encoding_deflate = "deflate";
inline constexpr std::string_view encoding_zstd = "zstd";

/// A message is sent as it is: grpc-encoding is absent, or says so.
[[nodiscard]] constexpr bool is_identity(std::string_view encoding) noexcept {
  return encoding.empty() || encoding == encoding_identity;
}

}  // namespace sluice::wire
