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

field_rule rule_of_authority(std::string_view value) noexcept {
  if (nghttp2_check_authority(octets(value), value.size()) == 0) return malformed;
  return pseudo(seen::authority, value);
}

field_class class_of_pseudo(side receiver, std::string_view name) noexcept {
  if (receiver == side::client) return name == ":status" ? field_class::status : field_class::malformed;
  if (name == ":method") return field_class::method;
  if (name == ":path") return field_class::path;
  if (name == ":scheme") return field_class::scheme;
  return name == ":authority" ? field_class::authority : field_class::malformed;
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

field_class class_of(side receiver, std::string_view name) noexcept {
  if (nghttp2_check_header_name(octets(name), name.size()) == 0) return field_class::malformed;
  if (name.front() == ':') return class_of_pseudo(receiver, name);
  if (name == "host" && receiver == side::server) return field_class::host;
  if (is_of_a_connection(name)) return field_class::malformed;
  if (name == "te") return field_class::te;
  return name == "content-length" ? field_class::length : field_class::plain;
}

field_rule rule_of(field_class its, std::string_view value) noexcept {
  switch (its) {
    case field_class::malformed: return malformed;
    case field_class::method: return rule_of_method(value);
    case field_class::path: return rule_of_path(value);
    case field_class::scheme: return rule_of_scheme(value);
    case field_class::authority: return rule_of_authority(value);
    case field_class::status: return rule_of_status(value);
    case field_class::host: return rule_of_host(value);
    case field_class::te:
    case field_class::length:
    case field_class::plain: break;
  }
  bool const visible = std::ranges::all_of(value, [](char c) { return c > ' ' && c <= '~'; });
  if (!visible && nghttp2_check_header_value_rfc9113(octets(value), value.size()) == 0) return malformed;
  if (its == field_class::te && !equals_folded(value, "trailers")) return malformed;
  return {its == field_class::length ? seen::regular | seen::length : seen::regular, 0};
}

}  // namespace sluice::http2
