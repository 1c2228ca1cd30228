// SPDX-License-Identifier: Apache-2.0
#include "wire/trailers.hpp"

#include "wire/base64.hpp"
#include "wire/metadata_fields.hpp"
#include "wire/percent.hpp"
#include "wire/response_head.hpp"

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::wire {
namespace {

constexpr unsigned greatest_code = 16;

std::optional<code> parse_code(std::string_view text) noexcept {
  unsigned value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > greatest_code) return std::nullopt;
  return static_cast<code>(value);
}

status make_status(std::string_view number, std::string_view encoded_message,
                   std::string_view encoded_details) {
  auto const value = parse_code(number);
  if (value == code::ok) return status{code::ok, {}, origin::peer};
  std::string message = percent_decode(encoded_message);
  if (!value && message.empty()) {
    constexpr std::size_t longest = 20;
    message.append("peer sent grpc-status \"").append(number.substr(0, longest)).append("\"");
  }
  status outcome{value.value_or(code::unknown), message, origin::peer};
  if (encoded_details.empty()) return outcome;
  auto details = base64_decode(encoded_details);
  return details && !details->empty() ? outcome.with_details(*std::move(details)) : outcome;
}

}  // namespace

void write_trailers(status const& outcome, metadata const& entries, header_block& out) {
  auto value = static_cast<unsigned>(outcome.code());
  if (value > greatest_code) value = static_cast<unsigned>(code::unknown);  // a number cast to code by a user
  char number[4];
  char* const end = std::to_chars(number, number + sizeof number, value).ptr;
  out.add("grpc-status", {number, static_cast<std::size_t>(end - number)});
  if (!outcome.message().empty())
    out.add_with("grpc-message", no_index, [&](std::string& to) { percent_encode(outcome.message(), to); });
  if (!outcome.ok() && !outcome.details().empty())
    out.add_with("grpc-status-details-bin", no_index,
                 [&](std::string& to) { base64_encode(outcome.details(), to); });
  write_metadata(entries, out);
}

void write_trailers_only(status const& outcome, metadata const& entries, header_block& out) {
  write_response_head({}, {}, out);
  write_trailers(outcome, entries, out);
}

errc read_trailers(received_fields fields, status& outcome, metadata& entries) {
  std::optional<std::string_view> number;
  std::optional<std::string_view> message;
  std::optional<std::string_view> details;
  for (auto const& field : fields) {
    switch (name_of(field)) {
      case field_name::grpc_status:
        if (number) return errc::bad_header;
        number = field.value;
        break;
      case field_name::grpc_message:
        if (!message) message = field.value;
        break;
      case field_name::grpc_status_details:
        if (!details) details = field.value;
        break;
      default: break;
    }
  }
  if (!number) return errc::missing_status;
  if (errc const error = read_metadata(fields, entries); error != errc::ok) return error;
  outcome = make_status(*number, message.value_or(""), details.value_or(""));
  return errc::ok;
}

}  // namespace sluice::wire
