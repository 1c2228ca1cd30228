// SPDX-License-Identifier: Apache-2.0
#include "wire/field_name.hpp"

#include <sluice/core/metadata.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::wire {

field_name field_name_of(std::string_view name) noexcept {
  using known = std::pair<std::string_view, field_name>;
  static constexpr std::array<known, 14> all{{
      {":method", field_name::method},
      {":scheme", field_name::scheme},
      {":path", field_name::path},
      {":authority", field_name::authority},
      {":status", field_name::status},
      {"host", field_name::host},
      {"content-type", field_name::content_type},
      {"user-agent", field_name::user_agent},
      {"grpc-timeout", field_name::grpc_timeout},
      {"grpc-encoding", field_name::grpc_encoding},
      {"grpc-accept-encoding", field_name::grpc_accept_encoding},
      {"grpc-status", field_name::grpc_status},
      {"grpc-message", field_name::grpc_message},
      {"grpc-status-details-bin", field_name::grpc_status_details},
  }};
  auto const* const found =
      std::find_if(all.begin(), all.end(), [&](known const& k) { return k.first == name; });
  if (found != all.end()) return found->second;
  return name.starts_with(':') || is_reserved_key(name) ? field_name::reserved : field_name::metadata;
}

}  // namespace sluice::wire
