// SPDX-License-Identifier: Apache-2.0
#include "services/reflection_messages.hpp"

#include "services/fields.hpp"

#include <algorithm>

namespace sluice {
namespace {

using fields::CodedInputStream;
using fields::CodedOutputStream;

void add_varint(std::string& to, std::int32_t value) {
  std::uint8_t bytes[10];  // a negative int32 has ten
  auto const* const end = CodedOutputStream::WriteVarint32SignExtendedToArray(value, bytes);
  to.append(reinterpret_cast<char const*>(bytes), static_cast<std::size_t>(end - bytes));
}
void add_number(std::string& to, std::uint32_t field, std::int32_t value) {
  add_varint(to, static_cast<std::int32_t>(fields::varint_tag(field)));
  add_varint(to, value);
}
void add_text(std::string& to, std::uint32_t field, std::string_view text) {
  add_varint(to, static_cast<std::int32_t>(fields::text_tag(field)));
  add_varint(to, static_cast<std::int32_t>(text.size()));
  to.append(text);
}

reflection::response answer(reflection::request const& asked, std::uint32_t field, std::string_view message) {
  reflection::response made;
  made.bytes.reserve(asked.host.size() + asked.original.size() + message.size() + 24);
  if (!asked.host.empty()) add_text(made.bytes, 1, asked.host);
  add_text(made.bytes, 2, asked.original);
  add_text(made.bytes, field, message);
  return made;
}

bool parse_extension(reflection::request& message, std::string const& from) {
  auto in = fields::reader(as_bytes(from));
  return fields::read_all(in, [&](std::uint32_t tag) {
    if (tag == fields::text_tag(1)) return fields::read_text(in, message.name) ? 1 : -1;
    if (tag != fields::varint_tag(2)) return 0;
    std::uint64_t number = 0;  // negative ones are ten bytes long
    if (!in.ReadVarint64(&number)) return -1;
    message.extension_number = static_cast<std::int32_t>(number);
    return 1;
  });
}

}  // namespace

namespace reflection {

response files_response(request const& asked, std::span<std::string const> serialized) {
  std::string message;
  for (auto const& file : serialized) add_text(message, 1, file);
  return answer(asked, 4, message);
}

response extension_numbers_response(request const& asked, std::span<std::int32_t const> numbers) {
  std::string packed;
  for (auto const number : numbers) add_varint(packed, number);
  std::string message;
  add_text(message, 1, asked.name);
  if (!packed.empty()) add_text(message, 2, packed);
  return answer(asked, 5, message);
}

response services_response(request const& asked, std::span<std::string_view const> names) {
  std::string message;
  for (auto const name : names) {
    std::string one;
    add_text(one, 1, name);
    add_text(message, 1, one);
  }
  return answer(asked, 6, message);
}

response error_response(request const& asked, status const& why) {
  std::string message;
  add_number(message, 1, static_cast<std::int32_t>(why.code()));
  add_text(message, 2, why.message());
  return answer(asked, 7, message);
}

}  // namespace reflection

bool codec<reflection::request>::parse(reflection::request& message, bytes_view from) {
  using reflection::question;
  constexpr std::size_t largest = 16 * 1024;  // names are far below, and the answer repeats it
  if (from.size() > largest) return false;
  message = {};
  message.original.assign(reinterpret_cast<char const*>(from.data()), from.size());
  auto in = fields::reader(from);
  return fields::read_all(in, [&](std::uint32_t tag) {
    if (tag == fields::text_tag(1)) return fields::read_text(in, message.host) ? 1 : -1;
    for (auto const asks :
         {question::file_by_filename, question::file_containing_symbol, question::file_containing_extension,
          question::all_extension_numbers_of_type, question::list_services}) {
      if (tag != fields::text_tag(static_cast<std::uint32_t>(asks))) continue;
      message.asks = asks;  // the last one counts, as in any oneof
      std::string text;
      if (!fields::read_text(in, text)) return -1;
      message.name.clear();
      if (asks == question::file_containing_extension) return parse_extension(message, text) ? 1 : -1;
      message.name = std::move(text);
      return 1;
    }
    return 0;
  });
}

void codec<reflection::response>::write(reflection::response const& message, std::span<std::byte> to) {
  std::ranges::copy(as_bytes(message.bytes), to.begin());
}

}  // namespace sluice
