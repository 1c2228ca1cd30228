// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/header_block.hpp"

#include <string_view>

namespace sluice::wire {

/// What we send.
inline constexpr std::string_view grpc_content_type = "application/grpc";

/// True for "application/grpc" and "application/grpc+proto", in any case and with any parameters after ';'. Another
/// codec ("+json", "+xyz") and gRPC-Web are not this protocol.
[[nodiscard]] bool is_grpc_content_type(std::string_view value) noexcept;

/// What stands behind "application/grpc+", up to parameters: the codec of the messages. Empty when there is none, when
/// it is not of [0-9a-z_.-], or when it is gRPC-Web.
[[nodiscard]] std::string_view subtype_of(std::string_view value) noexcept;
/// True for [0-9a-z_.-], and not empty.
[[nodiscard]] bool is_subtype(std::string_view text) noexcept;

/// Appends content-type: `whole`, or else ours with the codec `subtype` unless that is empty.
void write_content_type(std::string_view whole, std::string_view subtype, header_block& out);

}  // namespace sluice::wire
