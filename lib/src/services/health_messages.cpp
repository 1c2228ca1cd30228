// SPDX-License-Identifier: Apache-2.0
#include "services/health_messages.hpp"

#include "services/fields.hpp"

#include <cstdint>
#include <string_view>

namespace sluice {
namespace {

using fields::CodedInputStream;
using fields::CodedOutputStream;
using fields::read_all;
using fields::read_text;
using fields::reader;

constexpr std::uint32_t string_field_1 = fields::text_tag(1);  // also a message in field 1
constexpr std::uint32_t varint_field_1 = fields::varint_tag(1);
constexpr std::uint32_t message_field_2 = fields::text_tag(2);

std::size_t text_size(std::string_view text) {
  return 1 + CodedOutputStream::VarintSize32(static_cast<std::uint32_t>(text.size())) + text.size();
}
std::uint8_t* write_text(std::uint32_t tag, std::string_view text, std::uint8_t* to) {
  to = CodedOutputStream::WriteTagToArray(tag, to);
  to = CodedOutputStream::WriteVarint32ToArray(static_cast<std::uint32_t>(text.size()), to);
  return CodedOutputStream::WriteRawToArray(text.data(), static_cast<int>(text.size()), to);
}

std::size_t status_size(serving_status status) { return status == serving_status::unknown ? 0 : 2; }
std::uint8_t* write_status(serving_status status, std::uint8_t* to) {
  if (status == serving_status::unknown) return to;
  *to++ = varint_field_1;
  *to++ = static_cast<std::uint8_t>(status);
  return to;
}

int read_status(CodedInputStream& in, std::uint32_t tag, serving_status& status) {
  if (tag != varint_field_1) return 0;
  std::uint32_t value = 0;
  if (!in.ReadVarint32(&value)) return -1;
  status = value <= 3 ? static_cast<serving_status>(value) : serving_status::unknown;
  return 1;
}

std::uint8_t* begin(std::span<std::byte> to) { return reinterpret_cast<std::uint8_t*>(to.data()); }

}  // namespace

std::size_t codec<health::check_request>::size(health::check_request const& message) {
  return message.service.empty() ? 0 : text_size(message.service);
}
void codec<health::check_request>::write(health::check_request const& message, std::span<std::byte> to) {
  if (!message.service.empty()) write_text(string_field_1, message.service, begin(to));
}
bool codec<health::check_request>::parse(health::check_request& message, bytes_view from) {
  message = {};
  auto in = reader(from);
  return read_all(in, [&](std::uint32_t tag) {
    if (tag != string_field_1) return 0;
    return read_text(in, message.service) ? 1 : -1;
  });
}

std::size_t codec<health::check_response>::size(health::check_response const& message) {
  return status_size(message.status);
}
void codec<health::check_response>::write(health::check_response const& message, std::span<std::byte> to) {
  write_status(message.status, begin(to));
}
bool codec<health::check_response>::parse(health::check_response& message, bytes_view from) {
  message = {};
  auto in = reader(from);
  return read_all(in, [&](std::uint32_t tag) { return read_status(in, tag, message.status); });
}

bool codec<health::list_request>::parse(health::list_request&, bytes_view from) {
  auto in = reader(from);
  return read_all(in, [](std::uint32_t) { return 0; });
}

// map<string, HealthCheckResponse> statuses = 1: entries of {1: key, 2: {1: status}}.
namespace {
std::size_t entry_size(std::string const& name, serving_status status) {
  return text_size(name) + 2 + status_size(status);
}
}  // namespace

std::size_t codec<health::list_response>::size(health::list_response const& message) {
  std::size_t sum = 0;
  for (auto const& [name, status] : message.statuses) {
    std::size_t const entry = entry_size(name, status);
    sum += 1 + CodedOutputStream::VarintSize32(static_cast<std::uint32_t>(entry)) + entry;
  }
  return sum;
}
void codec<health::list_response>::write(health::list_response const& message, std::span<std::byte> to) {
  auto* at = begin(to);
  for (auto const& [name, status] : message.statuses) {
    at = CodedOutputStream::WriteTagToArray(string_field_1, at);
    at = CodedOutputStream::WriteVarint32ToArray(static_cast<std::uint32_t>(entry_size(name, status)), at);
    at = write_text(string_field_1, name, at);
    at = CodedOutputStream::WriteTagToArray(message_field_2, at);
    at = CodedOutputStream::WriteVarint32ToArray(static_cast<std::uint32_t>(status_size(status)), at);
    at = write_status(status, at);
  }
}
bool codec<health::list_response>::parse(health::list_response& message, bytes_view from) {
  message = {};
  auto in = reader(from);
  return read_all(in, [&](std::uint32_t tag) {
    if (tag != string_field_1) return 0;
    std::string entry;
    if (!read_text(in, entry)) return -1;
    std::string name;
    health::check_response value;
    auto inner = reader(as_bytes(entry));
    bool const whole = read_all(inner, [&](std::uint32_t inner_tag) {
      std::string text;
      if (inner_tag == string_field_1) return read_text(inner, name) ? 1 : -1;
      if (inner_tag != message_field_2) return 0;
      return read_text(inner, text) && codec<health::check_response>::parse(value, as_bytes(text)) ? 1 : -1;
    });
    if (whole) message.statuses[name] = value.status;
    return whole ? 1 : -1;
  });
}

}  // namespace sluice
