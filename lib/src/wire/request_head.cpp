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

void see_pseudo(header_field const& field, request_head& head, sightings& seen) noexcept {
  if (field.name == ":path") {
    head.path = field.value;
    ++seen.paths;
  } else if (field.name == ":method") {
    seen.method = field.value;
    ++seen.methods;
  } else if (field.name == ":scheme") {
    head.scheme = field.value;
  } else if (field.name == ":authority") {
    head.authority = field.value;
  }
}

void see(header_field const& field, request_head& head, sightings& seen) noexcept {
  if (field.name.starts_with(':')) {
    see_pseudo(field, head, seen);
  } else if (field.name == "content-type") {
    head.content_type = field.value;
    ++seen.content_types;
  } else if (field.name == "user-agent") {
    head.user_agent = field.value;
  } else if (field.name == "host") {
    seen.host = field.value;
  } else if (field.name == "grpc-timeout") {
    seen.timeout = field.value;
    ++seen.timeouts;
  } else if (field.name == "grpc-encoding") {
    head.encoding = field.value;
  } else if (field.name == "grpc-accept-encoding") {
    head.accept_encoding = field.value;
  }
}

}  // namespace

request_verdict read_request_head(header_block const& block, request_head& head, std::string_view also) {
  head = {};
  sightings seen;
  for (auto const field : block) see(field, head, seen);
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
