// SPDX-License-Identifier: Apache-2.0
#include "http2/keepalive.hpp"

namespace sluice::http2 {

keepalive::verdict keepalive::check(time_point now, time_point heard, bool calls) noexcept {
  if (pinged_ && heard >= *pinged_) pinged_.reset();
  if (now < next(heard, calls)) return verdict::wait;
  if (pinged_) return verdict::dead;
  pinged_ = now;
  return verdict::ping;
}

time_point keepalive::next(time_point heard, bool calls) const noexcept {
  if (!enabled()) return time_point::max();
  if (pinged_) return deadline::after(*pinged_, options_.timeout).at();
  if (!calls && !options_.without_calls) return time_point::max();
  return deadline::after(heard, options_.time).at();
}

}  // namespace sluice::http2
