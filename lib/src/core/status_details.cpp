// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/status_details.hpp>

#include <cstdint>
#include <optional>

// google.rpc.Status by hand, since core knows no protobuf, and a copy of the generated class would clash with a user's:
//   Status { int32 code = 1; string message = 2; repeated google.protobuf.Any details = 3; }
//   Any { string type_url = 1; bytes value = 2; }
namespace sluice {
namespace {

constexpr std::uint64_t code_field = 1, message_field = 2, details_field = 3;
constexpr std::uint64_t type_url_field = 1, value_field = 2;
constexpr unsigned varint = 0, fixed64 = 1, delimited = 2, fixed32 = 5;

struct field {
  std::uint64_t number = 0;
  unsigned type = 0;
  std::string_view content;  // of a delimited one
  std::string_view whole;

  [[nodiscard]] bool is(std::uint64_t wanted) const noexcept { return number == wanted && type == delimited; }
};

std::optional<std::uint64_t> take_varint(std::string_view& from) noexcept {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !from.empty(); shift += 7) {
    auto const byte = static_cast<unsigned char>(from.front());
    from.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

std::optional<std::string_view> take_bytes(std::string_view& from, std::uint64_t size) noexcept {
  if (size > from.size()) return std::nullopt;
  auto const taken = from.substr(0, static_cast<std::size_t>(size));
  from.remove_prefix(taken.size());
  return taken;
}

std::optional<std::string_view> take_content(std::string_view& from, unsigned type) noexcept {
  switch (type) {
    case varint: return take_varint(from) ? std::optional{std::string_view{}} : std::nullopt;
    case fixed64: return take_bytes(from, 8);
    case fixed32: return take_bytes(from, 4);
    case delimited: break;
    default: return std::nullopt;  // groups: nobody sends them here
  }
  auto const size = take_varint(from);
  return size ? take_bytes(from, *size) : std::nullopt;
}

// Nothing at the end, and where the bytes stop making sense; `from` is empty in the first case.
std::optional<field> take_field(std::string_view& from) noexcept {
  std::string_view rest = from;
  auto const key = take_varint(rest);
  if (!key || *key >> 3 == 0) return std::nullopt;
  field found;
  found.number = *key >> 3;
  found.type = static_cast<unsigned>(*key & 7);
  auto const content = take_content(rest, found.type);
  if (!content) return std::nullopt;
  found.content = *content;
  found.whole = from.substr(0, from.size() - rest.size());
  from = rest;
  return found;
}

std::optional<status_detail> read_any(std::string_view bytes) noexcept {
  status_detail detail;
  while (auto const each = take_field(bytes)) {
    if (each->is(type_url_field)) detail.type_url = each->content;
    if (each->is(value_field)) detail.value = each->content;
  }
  return bytes.empty() ? std::optional{detail} : std::nullopt;
}

void put_varint(std::string& to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) to.push_back(static_cast<char>(0x80 | (value & 0x7f)));
  to.push_back(static_cast<char>(value));
}

void put_bytes(std::string& to, std::uint64_t number, std::string_view bytes) {
  put_varint(to, number << 3 | delimited);
  put_varint(to, bytes.size());
  to.append(bytes);
}

// What is kept of an earlier Status: all but the code and the message.
std::string kept_of(std::string_view earlier) {
  std::string kept;
  while (auto const each = take_field(earlier))
    if (each->number != code_field && each->number != message_field) kept.append(each->whole);
  return earlier.empty() ? kept : std::string{};
}

}  // namespace

void status_details::iterator::advance() noexcept {
  while (auto const each = take_field(rest_)) {
    if (!each->is(details_field)) continue;
    auto const detail = read_any(each->content);
    if (!detail) continue;
    current_ = *detail;
    return;
  }
  at_end_ = true;
}

std::string add_detail(int code, std::string_view message, std::string_view earlier,
                       status_detail const& added) {
  std::string bytes;
  put_varint(bytes, code_field << 3 | varint);
  put_varint(bytes, static_cast<std::uint64_t>(code));
  if (!message.empty()) put_bytes(bytes, message_field, message);
  bytes.append(kept_of(earlier));
  std::string any;
  put_bytes(any, type_url_field, added.type_url);
  if (!added.value.empty()) put_bytes(any, value_field, added.value);
  put_bytes(bytes, details_field, any);
  return bytes;
}

}  // namespace sluice
