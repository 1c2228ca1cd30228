// SPDX-License-Identifier: Apache-2.0
#include "wire/percent.hpp"

#include <cstddef>

namespace sluice::wire {
namespace {

constexpr char hex_digits[] = "0123456789ABCDEF";

constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

void percent_encode(std::string_view raw, std::string& out) {
  for (std::size_t i = 0; i < raw.size(); ++i) {
    char const c = raw[i];
    bool const edge = i == 0 || i + 1 == raw.size();
    if (c >= (edge ? '!' : ' ') && c <= '~' && c != '%') {
      out.push_back(c);
      continue;
    }
    auto const byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(hex_digits[byte >> 4]);
    out.push_back(hex_digits[byte & 15]);
  }
}

void percent_decode(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && text.size() - i > 2) {
      int const high = hex_value(text[i + 1]);
      int const low = hex_value(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out.push_back(static_cast<char>(high * 16 + low));
        i += 2;
        continue;
      }
    }
    out.push_back(text[i]);
  }
}

std::string percent_encode(std::string_view raw) {
  std::string out;
  percent_encode(raw, out);
  return out;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  percent_decode(text, out);
  return out;
}

}  // namespace sluice::wire
