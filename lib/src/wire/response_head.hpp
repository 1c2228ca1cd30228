// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/errc.hpp>
#include <sluice/core/metadata.hpp>
#include <sluice/core/status.hpp>

#include "wire/field_name.hpp"
#include "wire/header_block.hpp"
#include "wire/metadata_fields.hpp"
#include "wire/request_head.hpp"

#include <string_view>

namespace sluice::wire {

/// The protocol's part of a response's headers. What was read views the block it was read from.
struct response_head {
  int http_status = 200;
  std::string_view content_type;     ///< grpc_content_type when empty
  std::string_view subtype;          ///< sent behind grpc_content_type
  std::string_view encoding;         ///< grpc-encoding; not sent when empty
  std::string_view accept_encoding;  ///< grpc-accept-encoding; not sent when empty

  /// 1xx: not yet the response.
  [[nodiscard]] bool informational() const noexcept { return http_status >= 100 && http_status < 200; }
};

/// ok: a gRPC response, or an informational one. errc::bad_content_type: not gRPC, by its status or content-type; its
/// meaning is `status_without_grpc`, unless the stream ends here with a grpc-status, which then stands. `also` is the
/// codec of the request, if it is not protobuf: the response may be of that.
/// errc::bad_header: not one :status of three digits. `head` is filled as far as it was read.
[[nodiscard]] errc read_response_head(received_fields fields, response_head& head,
                                      std::string_view also = {});

/// What a call ends with whose response was not gRPC: the code by `to_code`, the message naming status and content-type.
[[nodiscard]] status status_without_grpc(response_head const& head);

/// Appends a server's response headers: the protocol's own, then `entries` (each of which passes `check_entry`).
void write_response_head(response_head const& head, metadata const& entries, header_block& out);

/// Appends the headers of the plain HTTP answer to a request that is not gRPC; its body is `why.text`.
void write_http_refusal(request_verdict const& why, header_block& out);

}  // namespace sluice::wire
