// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

/// What the machines of the engine fail with. Nothing on the hot path throws; one table (rpc/errors) turns these into a
/// status.
enum class errc : std::uint8_t {
  ok = 0,
  // framing and heads
  message_too_large,
  bad_message_flag,  ///< a flag byte other than 0 and 1
  compressed_without_encoding,
  truncated_message,  ///< the stream ended inside a message
  malformed_message,  ///< protobuf could not parse it
  malformed_compression,  ///< broken, cut off, or with something behind it
  missing_message,  ///< a unary call without its one message
  too_many_messages,  ///< a unary call with two messages
  bad_content_type,
  bad_header,
  missing_status,  ///< the stream ended without grpc-status
  // connection
  protocol_error,  ///< the peer broke HTTP/2
  not_http2,  ///< the peer speaks something else
  handshake_failed,  ///< TLS
  connection_closed,
  stream_reset,
  closed,  ///< used after its end
};

[[nodiscard]] std::string_view to_string(errc value) noexcept;

}  // namespace sluice
