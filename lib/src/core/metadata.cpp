// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/metadata.hpp>

#include <algorithm>
#include <array>

namespace sluice {
namespace {

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr bool is_key_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

constexpr bool is_reserved(std::string_view key) noexcept {
  constexpr std::array<std::string_view, 8> connection_headers{
      "connection", "content-type", "te", "host", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"};
  return key.starts_with("grpc-") || key == "user-agent" || key == "content-length" ||
         std::find(connection_headers.begin(), connection_headers.end(), key) != connection_headers.end();
}

}  // namespace

metadata& metadata::add(std::string_view key, std::string_view value) {
  std::string folded{key};
  std::transform(folded.begin(), folded.end(), folded.begin(), lower);
  entries_.emplace_back(std::move(folded), std::string{value});
  return *this;
}

metadata& metadata::set(std::string_view key, std::string_view value) {
  erase(key);
  return add(key, value);
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

std::optional<std::string> check_entry(std::string_view key, std::string_view value) {
  std::string const quoted = "metadata key \"" + std::string{key} + "\"";
  if (key.empty()) return "metadata key is empty";
  if (!std::all_of(key.begin(), key.end(), is_key_char)) return quoted + " has a character outside [0-9a-z_.-]";
  if (is_reserved(key)) return quoted + " is reserved for the protocol";
  if (is_binary_key(key)) return std::nullopt;
  auto const printable = [](char c) { return c >= 0x20 && c <= 0x7e; };
  if (!std::all_of(value.begin(), value.end(), printable))
    return quoted + " has a value that is not printable ASCII; end the key with -bin to send bytes";
  return std::nullopt;
}

}  // namespace sluice
