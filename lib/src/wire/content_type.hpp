// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sluice::wire {

/// What we send.
inline constexpr std::string_view grpc_content_type = "application/grpc";

/// True for "application/grpc" and "application/grpc+proto", in any case and with any parameters after ';'. Another
/// codec ("+json", "+xyz") and gRPC-Web are not this protocol.
[[nodiscard]] bool is_grpc_content_type(std::string_view value) noexcept;

}  // namespace sluice::wire
