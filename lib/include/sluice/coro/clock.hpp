// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>

namespace sluice {

/// Where a scheduler reads the time. The default is std::chrono::steady_clock; tests use testing::manual_clock.
class clock_source {
 public:
  [[nodiscard]] virtual time_point now() const noexcept = 0;

 protected:
  ~clock_source() = default;
};

}  // namespace sluice
