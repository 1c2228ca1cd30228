// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <limits>

namespace sluice::net {

/// Breaks the connection when what was sent is not acknowledged for so long (TCP_USER_TIMEOUT; gRFC A18).
/// duration::max(): as the system does. Sockets that are not TCP are left alone.
inline void set_user_timeout(int fd, duration limit) noexcept {
  if (limit == duration::max()) return;
  using std::chrono::milliseconds;
  auto const wanted = std::chrono::duration_cast<milliseconds>(limit).count();
  auto const value =
      static_cast<int>(std::clamp<milliseconds::rep>(wanted, 1, std::numeric_limits<int>::max()));
  static_cast<void>(::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &value, sizeof value));
}

}  // namespace sluice::net
