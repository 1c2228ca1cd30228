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
/// As long as the text is there. A template, so that who calls it nowhere does not compile what std::span asks of an iterator.
template <class Text>
  requires std::convertible_to<Text const&, std::string_view>
[[nodiscard]] bytes_view as_bytes(Text const& text) noexcept {
  std::string_view const view{text};
  return {reinterpret_cast<std::byte const*>(view.data()), view.size()};
}

}  // namespace sluice
