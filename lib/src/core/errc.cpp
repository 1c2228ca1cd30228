// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/errc.hpp>

namespace sluice {

std::string_view to_string(errc value) noexcept {
  switch (value) {
    case errc::ok: return "ok";
    case errc::message_too_large: return "message larger than the limit";
    case errc::bad_message_flag: return "message flag byte is neither 0 nor 1";
    case errc::compressed_without_encoding: return "compressed message without grpc-encoding";
    case errc::truncated_message: return "stream ended inside a message";
    case errc::malformed_message: return "message could not be parsed";
    case errc::malformed_compression: return "compressed message could not be decompressed";
    case errc::missing_message: return "stream ended without its one message";
    case errc::too_many_messages: return "more than the one message of a unary stream";
    case errc::bad_content_type: return "content-type is not application/grpc";
    case errc::bad_header: return "malformed header";
    case errc::missing_status: return "stream ended without grpc-status";
    case errc::protocol_error: return "peer violated HTTP/2";
    case errc::not_http2: return "peer does not speak HTTP/2";
    case errc::handshake_failed: return "handshake failed";
    case errc::connection_closed: return "connection closed";
    case errc::stream_reset: return "stream reset";
    case errc::closed: return "used after its end";
  }
  return "unknown error";
}

}  // namespace sluice
