// SPDX-License-Identifier: Apache-2.0
#include "wire/request_head.hpp"

#include "wire/content_type.hpp"
#include "wire/timeout.hpp"

#include <cstddef>

namespace sluice::wire {
namespace {

// What is read and how often it came: one walk over the block, whatever the order.
struct sightings {
  std::string_view method, host, timeout;
  unsigned methods = 0, paths = 0, content_types = 0, timeouts = 0;
};

void see(received_field const& field, request_head& head, sightings& seen) noexcept {
  switch (name_of(field)) {
    case field_name::method:
      seen.method = field.value;
      ++seen.methods;
      return;
    case field_name::path:
      head.path = field.value;
      ++seen.paths;
      return;
    case field_name::content_type:
      head.content_type = field.value;
      ++seen.content_types;
      return;
    case field_name::grpc_timeout:
      seen.timeout = field.value;
      ++seen.timeouts;
      return;
    case field_name::scheme: head.scheme = field.value; return;
    case field_name::authority: head.authority = field.value; return;
    case field_name::host: seen.host = field.value; return;
    case field_name::user_agent: head.user_agent = field.value; return;
    case field_name::grpc_encoding: head.encoding = field.value; return;
    case field_name::grpc_accept_encoding: head.accept_encoding = field.value; return;
    default: return;
  }
}

}  // namespace

request_verdict read_request_head(received_fields fields, request_head& head, std::string_view also) {
  head = {};
  sightings seen;
  for (auto const& field : fields) see(field, head, seen);
  if (head.authority.empty()) head.authority = seen.host;

  if (seen.methods != 1 || seen.method != "POST")
    return {405, code::unknown, "gRPC calls are POST requests\n"};
  if (seen.content_types != 1 || !is_grpc_content_type(head.content_type)) {
    if (seen.content_types == 1) head.subtype = subtype_of(head.content_type);
    if (head.subtype.empty() || head.subtype != also)
      return {415, code::unknown, "content-type is not application/grpc\n"};
  }
  if (seen.paths != 1 || head.path.empty()) return {400, code::internal, "one :path is needed\n"};
  if (head.path.front() != '/') return {200, code::unimplemented, "malformed method name: no leading '/'"};
  if (seen.timeouts != 0) {
    if (seen.timeouts == 1) head.timeout = parse_timeout(seen.timeout);
    if (!head.timeout) return {200, code::internal, "malformed grpc-timeout"};
  }
  return {};
}

void write_common_head(request_head const& head, header_block& out) {
  auto const or_else = [](std::string_view value, std::string_view otherwise) {
    return value.empty() ? otherwise : value;
  };
  out.add(":method", "POST");
  out.add(":scheme", or_else(head.scheme, "http"));
  out.add(":path", head.path);
  if (!head.authority.empty()) out.add(":authority", head.authority);
  out.add("te", "trailers");
  write_content_type(head.content_type, head.subtype, out);
  if (!head.user_agent.empty()) out.add("user-agent", head.user_agent);
  if (!head.accept_encoding.empty()) out.add("grpc-accept-encoding", head.accept_encoding);
}

void write_timeout(duration timeout, header_block& out) {
  char text[16];
  std::size_t const size = format_timeout(timeout, text);
  out.add("grpc-timeout", {text, size});
}

void write_own_head(request_head const& head, metadata const& entries, header_block& out) {
  if (head.timeout) {
    char text[16];
    std::size_t const size = format_timeout(*head.timeout, text);
    out.add("grpc-timeout", {text, size}, no_index);
  }
  if (!head.encoding.empty()) out.add("grpc-encoding", head.encoding);
  write_metadata(entries, out);
}

}  // namespace sluice::wire
