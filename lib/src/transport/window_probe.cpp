// SPDX-License-Identifier: Apache-2.0
#include "transport/window_probe.hpp"

#include <algorithm>

namespace sluice::transport {

bool window_probe::begin(stream& of, std::size_t window, time_point now) noexcept {
  of.taken_ = 0;
  if (window == 0 || window >= largest_ || now < began_ + pause_) return false;
  began_ = now;
  of_ = &of;
  came_ = 0;
  pinged_ = true;
  may_begin_ = false;
  return true;
}

bool window_probe::too_small(std::size_t window) noexcept {
  bool const used = came_ >= window / 4;
  pause_ = used ? shortest_pause : std::min(2 * pause_, longest_pause);
  return used;
}

}  // namespace sluice::transport
