// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/status.hpp>

#include <cstdint>
#include <string_view>

namespace sluice {

/// Why work was asked to stop. `none` while it was not.
enum class stop_reason : std::uint8_t {
  none,
  client_cancelled,  ///< the peer reset its call
  deadline,          ///< the call's deadline passed
  connection_lost,   ///< the transport under the call is gone
  draining,          ///< the server began to drain: of the drain token, which interrupts nothing
  shutdown,          ///< the channel or server was shut down, or the grace of its stop is over
  local,             ///< this process asked: a sibling failed, a scope ended, a user's stop_source
};

[[nodiscard]] std::string_view to_string(stop_reason reason) noexcept;
/// What an operation that was stopped for `reason` fails with: DEADLINE_EXCEEDED, UNAVAILABLE or CANCELLED.
[[nodiscard]] status to_status(stop_reason reason);

}  // namespace sluice
