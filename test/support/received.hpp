// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/header_block.hpp"
#include "wire/metadata_fields.hpp"
#include "wire/request_head.hpp"
#include "wire/response_head.hpp"
#include "wire/trailers.hpp"

#include <vector>

namespace sluice::wire {

/// What was written, as it is received. Views `block`.
inline std::vector<received_field> received(header_block const& block) {
  std::vector<received_field> list;
  for (auto const [name, value] : block)
    list.push_back({name, value, static_cast<std::uint8_t>(field_name_of(name))});
  return list;
}
inline request_verdict read_request_head(header_block const& block, request_head& head,
                                         std::string_view also = {}) {
  return read_request_head(received_fields{received(block)}, head, also);
}
inline errc read_response_head(header_block const& block, response_head& head, std::string_view also = {}) {
  return read_response_head(received_fields{received(block)}, head, also);
}
inline errc read_trailers(header_block const& block, status& outcome, metadata& entries) {
  return read_trailers(received_fields{received(block)}, outcome, entries);
}
inline errc read_metadata(header_block const& block, metadata& out) {
  return read_metadata(received_fields{received(block)}, out);
}

}  // namespace sluice::wire
