// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http2/side.hpp"

#include <cstdint>
#include <string_view>

namespace sluice::http2 {

/// What was seen of a message, and of the list that is received.
namespace seen {
inline constexpr std::uint32_t anything =
    1U << 0U;  ///< from the start: what forbids this is malformed in any place
inline constexpr std::uint32_t method = 1U << 1U;
inline constexpr std::uint32_t scheme = 1U << 2U;
inline constexpr std::uint32_t path = 1U << 3U;
inline constexpr std::uint32_t authority = 1U << 4U;
inline constexpr std::uint32_t host = 1U << 5U;
inline constexpr std::uint32_t status = 1U << 6U;
inline constexpr std::uint32_t regular = 1U << 7U;   ///< a field that is no pseudo-header
inline constexpr std::uint32_t trailers = 1U << 8U;  ///< the list is one
inline constexpr std::uint32_t connect = 1U << 9U;
inline constexpr std::uint32_t options = 1U << 10U;
inline constexpr std::uint32_t rooted_path = 1U << 11U;
inline constexpr std::uint32_t star_path = 1U << 12U;
inline constexpr std::uint32_t web_scheme = 1U << 13U;
inline constexpr std::uint32_t length = 1U << 14U;
inline constexpr std::uint32_t interim = 1U << 15U;        ///< a status of 1xx
inline constexpr std::uint32_t no_body = 1U << 16U;        ///< a status without content: 204, 304
inline constexpr std::uint32_t no_content = 1U << 17U;     ///< 204
inline constexpr std::uint32_t expects_final = 1U << 18U;  ///< an informational response came
inline constexpr std::uint32_t wrong = 1U << 19U;  ///< the message is malformed: its stream is reset
}  // namespace seen

/// What HTTP/2 says about one field (RFC 9113, 8), whatever list it is in: where it must not come, and what it means for
/// those behind it. Or about several, one behind the other.
struct field_rule {
  std::uint32_t adds = 0;
  std::uint32_t forbidden_after = 0;

  void follow(field_rule const& next) noexcept {
    forbidden_after |= next.forbidden_after;
    if ((adds & next.forbidden_after) != 0) forbidden_after |= seen::anything;
    adds |= next.adds;
  }
};
/// What a field's name says: which rule its value is under.
enum class field_class : std::uint8_t {
  malformed,
  method,
  path,
  scheme,
  authority,
  status,
  host,
  te,
  length,
  plain
};
[[nodiscard]] field_class class_of(side receiver, std::string_view name) noexcept;
[[nodiscard]] field_rule rule_of(field_class its, std::string_view value) noexcept;

}  // namespace sluice::http2
