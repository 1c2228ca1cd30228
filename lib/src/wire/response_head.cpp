// SPDX-License-Identifier: Apache-2.0
#include "wire/response_head.hpp"

#include "wire/content_type.hpp"
#include "wire/field_name.hpp"
#include "wire/http_status.hpp"

#include <charconv>
#include <cstddef>
#include <string>

namespace sluice::wire {
namespace {

// Three digits from 100 on, or zero.
int parse_http_status(std::string_view text) noexcept {
  int value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool const whole = text.size() == 3 && error == std::errc{} && end == text.data() + text.size();
  return whole && value >= 100 ? value : 0;
}

void add_number(header_block& out, std::string_view name, int value) {
  char text[16];
  char* const end = std::to_chars(text, text + sizeof text, value).ptr;
  out.add(name, {text, static_cast<std::size_t>(end - text)});
}

}  // namespace

errc read_response_head(received_fields fields, response_head& head, std::string_view also) {
  head = {};
  head.http_status = 0;
  unsigned statuses = 0;
  for (auto const& field : fields) {
    switch (name_of(field)) {
      case field_name::status:
        head.http_status = parse_http_status(field.value);
        ++statuses;
        break;
      case field_name::content_type: head.content_type = field.value; break;
      case field_name::grpc_encoding: head.encoding = field.value; break;
      case field_name::grpc_accept_encoding: head.accept_encoding = field.value; break;
      default: break;
    }
  }
  if (statuses != 1 || head.http_status == 0) return errc::bad_header;
  if (head.informational()) return errc::ok;
  bool const ours =
      is_grpc_content_type(head.content_type) || (!also.empty() && subtype_of(head.content_type) == also);
  return head.http_status == 200 && ours ? errc::ok : errc::bad_content_type;
}

status status_without_grpc(response_head const& head) {
  // Content types are the peer's text: cut, so that a log line stays a line.
  constexpr std::size_t longest = 100;
  std::string text{"response is not gRPC: HTTP status " + std::to_string(head.http_status)};
  if (head.content_type.empty()) {
    text.append(", no content-type");
  } else {
    text.append(", content-type \"").append(head.content_type.substr(0, longest)).append("\"");
  }
  return status{to_code(head.http_status), text};
}

void write_response_head(response_head const& head, metadata const& entries, header_block& out) {
  add_number(out, ":status", head.http_status);
  write_content_type(head.content_type, head.subtype, out);
  if (!head.encoding.empty()) out.add("grpc-encoding", head.encoding);
  if (!head.accept_encoding.empty()) out.add("grpc-accept-encoding", head.accept_encoding);
  write_metadata(entries, out);
}

void write_http_refusal(request_verdict const& why, header_block& out) {
  add_number(out, ":status", why.http_status);
  if (why.http_status == 405) out.add("allow", "POST");
  out.add("content-type", "text/plain; charset=utf-8");
}

}  // namespace sluice::wire
