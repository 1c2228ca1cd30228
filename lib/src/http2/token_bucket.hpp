// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace sluice::http2 {

/// So many at once, and then so many a second.
class token_bucket {
 public:
  token_bucket(std::uint32_t burst, std::uint32_t per_second) noexcept
      : burst_{static_cast<double>(burst)}, per_second_{static_cast<double>(per_second)}, level_{burst_} {}

  /// False: it is empty. The first call begins the count of time.
  [[nodiscard]] bool take(time_point now) noexcept {
    if (now > last_) {
      std::chrono::duration<double> const passed = now - last_;
      level_ = std::min(burst_, level_ + passed.count() * per_second_);
      last_ = now;
    }
    if (level_ < 1) return false;
    level_ -= 1;
    return true;
  }

  /// One more, up to the burst.
  void give() noexcept { level_ = std::min(burst_, level_ + 1); }

 private:
  double burst_;
  double per_second_;
  double level_;
  time_point last_{};
};

}  // namespace sluice::http2
