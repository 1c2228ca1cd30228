// SPDX-License-Identifier: Apache-2.0
#include "wire/content_type.hpp"

#include <algorithm>

namespace sluice::wire {
namespace {

// Media types compare without case (RFC 9110, 8.3.1).
bool equals_folded(std::string_view text, std::string_view lower) noexcept {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

}  // namespace

bool is_grpc_content_type(std::string_view value) noexcept {
  if (value == "application/grpc") return true;  // what nearly everybody sends
  value = value.substr(0, value.find(';'));
  while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
  return equals_folded(value, "application/grpc") || equals_folded(value, "application/grpc+proto");
}

}  // namespace sluice::wire
