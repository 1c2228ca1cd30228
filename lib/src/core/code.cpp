// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/code.hpp>

#include <array>
#include <cstddef>

namespace sluice {

std::string_view to_string(code value) noexcept {
  static constexpr std::array<std::string_view, 17> names{
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS", "UNAUTHENTICATED"};
  auto const index = static_cast<std::size_t>(value);
  return index < names.size() ? names[index] : "UNKNOWN";
}

}  // namespace sluice
