// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>

#include <chrono>
#include <optional>

namespace sluice::http2 {

/// How often a client may send PINGs (gRFC A8): two that come too early are overlooked, the third is one too many. When
/// something of a call was sent to the client since its last PING the count begins anew, for clients measure their
/// bandwidth by PINGs while they receive.
class ping_strikes {
 public:
  ping_strikes(duration shortest, bool without_calls) noexcept
      : shortest_{shortest}, without_calls_{without_calls} {}

  /// A PING came at `now`; `sent`: something of a call was sent since the last one. False: it is one too many.
  [[nodiscard]] bool allow(time_point now, bool calls, bool sent) noexcept {
    duration const apart = calls || without_calls_ ? shortest_ : idle;
    bool const early = last_ && now < deadline::after(*last_, apart).at();
    last_ = now;
    if (sent) strikes_ = 0;
    else if (early) ++strikes_;
    return strikes_ <= overlooked;
  }

 private:
  static constexpr duration idle = std::chrono::hours{2};
  static constexpr int overlooked = 2;

  duration shortest_;
  bool without_calls_;
  std::optional<time_point> last_;
  int strikes_ = 0;
};

}  // namespace sluice::http2
