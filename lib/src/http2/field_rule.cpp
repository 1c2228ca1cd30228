// SPDX-License-Identifier: Apache-2.0
#include "http2/field_rule.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>

namespace sluice::http2 {
namespace {

constexpr field_rule malformed{0, seen::anything};

std::uint8_t const* octets(std::string_view text) noexcept {
  return reinterpret_cast<std::uint8_t const*>(text.data());
}

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool equals_folded(std::string_view text, std::string_view lower) noexcept {
  return std::ranges::equal(text, lower, {},
                            [](char c) { return is_letter(c) ? static_cast<char>(c | 0x20) : c; });
}

bool is_scheme(std::string_view text) noexcept {
  return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

// Once in a list, with a value, before the regular fields.
field_rule pseudo(std::uint32_t which, std::string_view value, std::uint32_t more = 0) noexcept {
  if (value.empty()) return malformed;
  return {which | more, which | seen::regular | seen::trailers};
}

field_rule rule_of_method(std::string_view value) noexcept {
  if (nghttp2_check_method(octets(value), value.size()) == 0) return malformed;
  return pseudo(seen::method, value,
                value == "CONNECT"   ? seen::connect
                : value == "OPTIONS" ? seen::options
                                     : 0);
}

field_rule rule_of_path(std::string_view value) noexcept {
  if (nghttp2_check_path(octets(value), value.size()) == 0) return malformed;
  return pseudo(seen::path, value,
                value.starts_with('/') ? seen::rooted_path
                : value == "*"         ? seen::star_path
                                       : 0);
}

field_rule rule_of_scheme(std::string_view value) noexcept {
  if (!is_scheme(value)) return malformed;
  bool const web = equals_folded(value, "http") || equals_folded(value, "https");
  return pseudo(seen::scheme, value, web ? seen::web_scheme : 0);
}

// 101 does not exist in HTTP/2.
field_rule rule_of_status(std::string_view value) noexcept {
  if (value.size() != 3 || !std::ranges::all_of(value, is_digit) || value == "101") return malformed;
  if (value.front() == '1') return pseudo(seen::status, value, seen::interim);
  if (value == "204") return pseudo(seen::status, value, seen::no_body | seen::no_content);
  return pseudo(seen::status, value, value == "304" ? seen::no_body : 0);
}

field_rule rule_of_pseudo(side receiver, std::string_view name, std::string_view value) noexcept {
  if (receiver == side::client) return name == ":status" ? rule_of_status(value) : malformed;
  if (name == ":method") return rule_of_method(value);
  if (name == ":path") return rule_of_path(value);
  if (name == ":scheme") return rule_of_scheme(value);
  if (name != ":authority" || nghttp2_check_authority(octets(value), value.size()) == 0) return malformed;
  return pseudo(seen::authority, value);
}

// Two of them, or an empty one, would be a way around the checks of whoever looks at the other one.
field_rule rule_of_host(std::string_view value) noexcept {
  if (value.empty() || nghttp2_check_authority(octets(value), value.size()) == 0) return malformed;
  return {seen::regular | seen::host, seen::host};
}

bool is_of_a_connection(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 5> all{"connection", "keep-alive", "proxy-connection",
                                                "transfer-encoding", "upgrade"};
  return std::ranges::find(all, name) != all.end();
}

}  // namespace

field_rule rule_of(side receiver, std::string_view name, std::string_view value) noexcept {
  if (nghttp2_check_header_name(octets(name), name.size()) == 0) return malformed;
  if (name.front() == ':') return rule_of_pseudo(receiver, name, value);
  if (name == "host" && receiver == side::server) return rule_of_host(value);
  if (nghttp2_check_header_value_rfc9113(octets(value), value.size()) == 0) return malformed;
  if (is_of_a_connection(name)) return malformed;
  if (name == "te" && !equals_folded(value, "trailers")) return malformed;
  if (name == "content-length") return {seen::regular | seen::length, 0};
  return {seen::regular, 0};
}

}  // namespace sluice::http2
