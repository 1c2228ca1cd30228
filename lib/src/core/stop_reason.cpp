// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/stop_reason.hpp>

namespace sluice {

std::string_view to_string(stop_reason reason) noexcept {
  switch (reason) {
    case stop_reason::none: return "none";
    case stop_reason::client_cancelled: return "client_cancelled";
    case stop_reason::deadline: return "deadline";
    case stop_reason::connection_lost: return "connection_lost";
    case stop_reason::draining: return "draining";
    case stop_reason::shutdown: return "shutdown";
    case stop_reason::local: return "local";
  }
  return "none";
}

status to_status(stop_reason reason) {
  switch (reason) {
    case stop_reason::none: return status{};
    case stop_reason::deadline: return status{code::deadline_exceeded, "deadline exceeded"};
    case stop_reason::connection_lost: return status{code::unavailable, "connection lost"};
    case stop_reason::draining: return status{code::unavailable, "server is draining"};
    case stop_reason::shutdown: return status{code::unavailable, "shut down"};
    case stop_reason::client_cancelled: return status{code::cancelled, "cancelled by the client"};
    case stop_reason::local: return status{code::cancelled, "cancelled"};
  }
  return status{};
}

}  // namespace sluice
