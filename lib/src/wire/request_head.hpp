// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/code.hpp>
#include <sluice/core/deadline.hpp>
#include <sluice/core/metadata.hpp>

#include "wire/field_name.hpp"
#include "wire/header_block.hpp"
#include "wire/metadata_fields.hpp"

#include <optional>
#include <string_view>

namespace sluice::wire {

/// The protocol's part of a request's headers. What was read views the block it was read from.
struct request_head {
  std::string_view path;       ///< "/package.Service/Method"
  std::string_view scheme;     ///< "http" when empty
  std::string_view authority;  ///< :authority, or else host; not sent when empty
  std::string_view content_type;     ///< grpc_content_type when empty
  std::string_view subtype;  ///< sent behind grpc_content_type; read: the codec that content-type names
  std::string_view user_agent;  ///< not sent when empty
  std::string_view encoding;  ///< grpc-encoding; not sent when empty
  std::string_view accept_encoding;  ///< grpc-accept-encoding; not sent when empty
  std::optional<duration> timeout;  ///< nothing: no deadline
};

/// How a request's headers were judged, and what to answer when they were refused.
struct request_verdict {
  /// Other than 200: the request is not gRPC; answer in plain HTTP (`write_http_refusal`) with `text` as the body.
  int http_status = 200;
  /// At 200: what to end the call with, trailers-only. ok: the call may start.
  sluice::code code = sluice::code::ok;
  std::string_view text = {};

  [[nodiscard]] bool accepted() const noexcept { return http_status == 200 && code == sluice::code::ok; }
};

/// Judged in this order:
///   method other than POST                  → 405
///   content-type not gRPC's                 → 415 (also when there are two); `also` is a codec to take beside protobuf
///   no path, or two                         → 400
///   path without a leading '/'              → UNIMPLEMENTED: it must never reach a handler, nor a rule for another path
///   grpc-timeout malformed, or two          → INTERNAL
/// A missing "te: trailers" is let pass, as grpc-go and grpc-java do: it says something about proxies, not this peer.
/// An unknown grpc-encoding is not judged here. `head` is filled as far as it was read, also for a refused request.
[[nodiscard]] request_verdict read_request_head(received_fields fields, request_head& head,
                                                std::string_view also = {});

/// Appends a client's request headers: what its calls of one method have in common, and what is each call's own: timeout,
/// encoding, and `entries` (each of which passes `check_entry`). `write_timeout`: one that calls may have in common, too.
void write_common_head(request_head const& head, header_block& out);
void write_timeout(duration timeout, header_block& out);
void write_own_head(request_head const& head, metadata const& entries, header_block& out);

}  // namespace sluice::wire
