// SPDX-License-Identifier: Apache-2.0
#include "transport/window_probe.hpp"

#include <algorithm>

namespace sluice::transport {

bool window_probe::begin(stream& of, std::size_t window, time_point now) noexcept {
  of.taken_ = 0;
  auto const vain = std::max(vain_looks_, of.vain_looks_);
  if (window == 0 || window >= largest_ || now < began_ + shortest_pause * (1 << vain)) return false;
  began_ = now;
  of_ = &of;
  came_ = 0;
  pinged_ = true;
  may_begin_ = false;
  return true;
}

bool window_probe::too_small(std::size_t window) noexcept {
  stream* const of = std::exchange(of_, nullptr);
  bool const used = of != nullptr && window != 0 && came_ >= window / 4;
  auto const count = [used](std::uint8_t& vain, std::uint8_t most) {
    vain = used ? 0 : std::min(static_cast<std::uint8_t>(vain + 1), most);
  };
  count(vain_looks_, most_vain_at_any);
  if (of != nullptr) count(of->vain_looks_, most_vain);
  return used;
}

}  // namespace sluice::transport
