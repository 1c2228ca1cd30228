// SPDX-License-Identifier: Apache-2.0
#include "wire/content_type.hpp"

#include <algorithm>
#include <string>

namespace sluice::wire {
namespace {

// Media types compare without case (RFC 9110, 8.3.1).
bool equals_folded(std::string_view text, std::string_view lower) noexcept {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

std::string_view without_parameters(std::string_view value) noexcept {
  value = value.substr(0, value.find(';'));
  while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
  return value;
}

}  // namespace

bool is_subtype(std::string_view text) noexcept {
  constexpr auto fits = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_' || c == '.' || c == '-';
  };
  return !text.empty() && std::ranges::all_of(text, fits);
}

std::string_view subtype_of(std::string_view value) noexcept {
  constexpr std::string_view prefix = "application/grpc+";
  value = without_parameters(value);
  if (value.size() <= prefix.size() || !equals_folded(value.substr(0, prefix.size()), prefix)) return {};
  value.remove_prefix(prefix.size());
  return is_subtype(value) ? value : std::string_view{};
}

bool is_grpc_content_type(std::string_view value) noexcept {
  if (value == "application/grpc") return true;  // what nearly everybody sends
  value = without_parameters(value);
  return equals_folded(value, "application/grpc") || equals_folded(value, "application/grpc+proto");
}

void write_content_type(std::string_view whole, std::string_view subtype, header_block& out) {
  if (!whole.empty() || subtype.empty())
    return out.add("content-type", whole.empty() ? grpc_content_type : whole);
  std::string value{grpc_content_type};
  out.add("content-type", value.append("+").append(subtype));
}

}  // namespace sluice::wire
