// SPDX-License-Identifier: Apache-2.0
#include "wire/metadata_fields.hpp"

#include "wire/base64.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::wire {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  auto const blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

errc read_binary(std::string_view key, std::string_view joined, metadata& out) {
  for (std::size_t comma = 0; comma != std::string_view::npos;) {
    comma = joined.find(',');
    auto const value = base64_decode(trimmed(joined.substr(0, comma)));
    if (!value) return errc::bad_header;
    out.add(key, *value);
    if (comma != std::string_view::npos) joined.remove_prefix(comma + 1);
  }
  return errc::ok;
}

}  // namespace

void write_metadata(metadata const& entries, header_block& out) {
  for (auto const& [key, value] : entries) {
    if (is_binary_key(key)) {
      out.add_with(key, no_index, [&v = value](std::string& to) { base64_encode(v, to); });
    } else {
      out.add(key, trimmed(value));
    }
  }
}

errc read_metadata(received_fields fields, metadata& out) {
  for (auto const& field : fields) {
    if (name_of(field) != field_name::metadata) continue;
    auto const& [name, value, kind] = field;
    if (is_binary_key(name)) {
      if (errc const error = read_binary(name, value, out); error != errc::ok) return error;
    } else {
      out.add(name, value);
    }
  }
  return errc::ok;
}

}  // namespace sluice::wire
