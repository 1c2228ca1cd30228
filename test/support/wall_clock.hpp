// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace sluice::test {

/// While it lives, time() says later than it is, to the libraries that this program is linked with too: certificates expire.
/// One at a time.
class wall_clock_shift {
 public:
  explicit wall_clock_shift(std::chrono::seconds by) noexcept;
  wall_clock_shift(wall_clock_shift const&) = delete;
  wall_clock_shift& operator=(wall_clock_shift const&) = delete;
  ~wall_clock_shift();
};

}  // namespace sluice::test
