// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/received_field.hpp"

#include <cstdint>
#include <string_view>

namespace sluice::wire {

/// The names that gRPC and HTTP/2 know.
enum class field_name : std::uint8_t {
  metadata,  ///< everything else: the user's
  method,
  scheme,
  path,
  authority,
  status,
  host,
  content_type,
  user_agent,
  grpc_timeout,
  grpc_encoding,
  grpc_accept_encoding,
  grpc_status,
  grpc_message,
  grpc_status_details,
  reserved,  ///< the protocol's own, and of no interest here
};
[[nodiscard]] field_name field_name_of(std::string_view name) noexcept;

[[nodiscard]] inline field_name name_of(received_field const& field) noexcept {
  return static_cast<field_name>(field.kind);
}

[[nodiscard]] inline bool has(received_fields fields, field_name which) noexcept {
  for (auto const& each : fields)
    if (name_of(each) == which) return true;
  return false;
}

}  // namespace sluice::wire
