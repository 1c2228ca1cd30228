// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

/// The sixteen ways a call fails, and ok. The numbers are those of grpc-status on the wire.
enum class code : std::uint8_t {
  ok = 0,
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16,
};

/// The field's spelling: "OK", "DEADLINE_EXCEEDED". "CODE_17" and the like do not exist: a number outside the
/// table is "UNKNOWN".
[[nodiscard]] std::string_view to_string(code value) noexcept;

}  // namespace sluice
