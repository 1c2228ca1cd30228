// SPDX-License-Identifier: Apache-2.0
#pragma once

// The messages of grpc.reflection.v1 and v1alpha, which are the same on the wire, as plain types with codecs of their own,
// for the reason that health_messages.hpp gives.

#include <sluice/rpc/codec.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {
namespace reflection {

/// The values are the field numbers.
enum class question : std::uint8_t {
  none = 0,
  file_by_filename = 3,
  file_containing_symbol = 4,
  file_containing_extension = 5,
  all_extension_numbers_of_type = 6,
  list_services = 7,
};

struct request {
  std::string original;  // as it came: the response repeats it
  std::string host;
  question asks = question::none;
  std::string name;  // a file, a symbol or a type, by the question
  std::int32_t extension_number = 0;
};

/// Serialized from the start. Made by the functions below.
struct response {
  std::string bytes;
};

[[nodiscard]] response files_response(request const& asked, std::span<std::string const> serialized);
[[nodiscard]] response extension_numbers_response(request const& asked,
                                                  std::span<std::int32_t const> numbers);
[[nodiscard]] response services_response(request const& asked, std::span<std::string_view const> names);
[[nodiscard]] response error_response(request const& asked, status const& why);

}  // namespace reflection

template <>
struct codec<reflection::request> {
  static bool parse(reflection::request& message, bytes_view from);
};
template <>
struct codec<reflection::response> {
  static std::size_t size(reflection::response const& message) { return message.bytes.size(); }
  static void write(reflection::response const& message, std::span<std::byte> to);
};

}  // namespace sluice
