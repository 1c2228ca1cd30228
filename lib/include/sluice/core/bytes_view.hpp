// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>

namespace sluice {

/// Bytes that somebody else owns.
using bytes_view = std::span<std::byte const>;

[[nodiscard]] inline std::string_view as_text(bytes_view bytes) noexcept {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}
// A template so that who makes none does not compile what std::span asks of an iterator.
template <std::convertible_to<std::string_view> Text>
[[nodiscard]] bytes_view as_bytes(Text const& text) noexcept {
  std::string_view const view{text};
  return {reinterpret_cast<std::byte const*>(view.data()), view.size()};
}

}  // namespace sluice
