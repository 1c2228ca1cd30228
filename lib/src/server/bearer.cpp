// SPDX-License-Identifier: Apache-2.0
#include <sluice/server/bearer.hpp>

#include <cstddef>

namespace sluice {
namespace {

bool is_bearer(std::string_view scheme) noexcept {
  constexpr std::string_view lower = "bearer";
  if (scheme.size() != lower.size()) return false;
  for (std::size_t i = 0; i != lower.size(); ++i)
    if ((scheme[i] | 0x20) != lower[i]) return false;
  return true;
}

}  // namespace

std::optional<std::string_view> bearer_token_of(metadata const& of) noexcept {
  std::optional<std::string_view> token;
  for (auto const& [key, value] : of) {
    if (key != "authorization") continue;
    if (token) return std::nullopt;
    std::string_view const text = value;
    auto const space = text.find(' ');
    if (space == std::string_view::npos || !is_bearer(text.substr(0, space))) return std::nullopt;
    auto const begin = text.find_first_not_of(' ', space);
    if (begin == std::string_view::npos) return std::nullopt;
    token = text.substr(begin);
  }
  return token;
}

bool equal_secrets(std::string_view given, std::string_view secret) noexcept {
  // volatile: the compiler must not leave the loop early.
  unsigned char volatile difference = given.size() == secret.size() && !secret.empty() ? 0 : 1;
  for (std::size_t i = 0; i != given.size(); ++i) {
    char const expected = secret.empty() ? '\0' : secret[i % secret.size()];
    difference = static_cast<unsigned char>(difference | static_cast<unsigned char>(given[i] ^ expected));
  }
  return difference == 0;
}

}  // namespace sluice
