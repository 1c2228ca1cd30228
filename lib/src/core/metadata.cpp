// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/metadata.hpp>

#include <algorithm>
#include <array>

namespace sluice {
namespace {

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string folded(std::string_view key) {
  std::string lowered{key};
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), lower);
  return lowered;
}

constexpr bool is_key_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

}  // namespace

metadata& metadata::add(std::string_view key, std::string_view value) {
  entries_.emplace_back(folded(key), std::string{value});
  return *this;
}

metadata& metadata::set(std::string_view key, std::string_view value) {
  entry replacement{folded(key),
                    std::string{value}};  // before the erasure: both may be views of an erased entry
  erase(replacement.first);
  entries_.push_back(std::move(replacement));
  return *this;
}

std::size_t metadata::erase(std::string_view key) {
  return std::erase_if(entries_, [key](entry const& e) { return e.first == key; });
}

std::optional<std::string_view> metadata::get(std::string_view key) const noexcept {
  for (auto const& [k, value] : entries_)
    if (k == key) return value;
  return std::nullopt;
}

std::vector<std::string_view> metadata::get_all(std::string_view key) const {
  std::vector<std::string_view> values;
  for (auto const& [k, value] : entries_)
    if (k == key) values.emplace_back(value);
  return values;
}

bool is_reserved_key(std::string_view key) noexcept {
  constexpr std::array<std::string_view, 10> protocol_headers{
      "connection", "content-length",    "content-type", "host",      "keep-alive", "proxy-connection",
      "te",         "transfer-encoding", "upgrade",      "user-agent"};
  return key.starts_with("grpc-") ||
         std::find(protocol_headers.begin(), protocol_headers.end(), key) != protocol_headers.end();
}

std::optional<std::string> check_entry(std::string_view key, std::string_view value) {
  auto const complain = [key](std::string_view what) {
    return "metadata key \"" + std::string{key} + "\"" + std::string{what};
  };
  auto const printable = [](char c) { return c >= 0x20 && c <= 0x7e; };
  if (key.empty()) return "metadata key is empty";
  if (!std::all_of(key.begin(), key.end(), is_key_char))
    return complain(" has a character outside [0-9a-z_.-]");
  if (is_reserved_key(key)) return complain(" is reserved for the protocol");
  if (!is_binary_key(key) && !std::all_of(value.begin(), value.end(), printable))
    return complain(" has a value that is not printable ASCII; end the key with -bin to send bytes");
  return std::nullopt;
}

}  // namespace sluice
