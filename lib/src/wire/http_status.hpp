// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/code.hpp>

namespace sluice::wire {

/// What a response without grpc-status means, by its HTTP status: the table of gRPC's http-grpc-status-mapping. It has
/// no row that is ok: 200 without grpc-status is UNKNOWN too.
[[nodiscard]] code to_code(int http_status) noexcept;

}  // namespace sluice::wire
