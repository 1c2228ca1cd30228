// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/net/address.hpp>

#include <sys/socket.h>

namespace sluice::net {

/// What ::getpeername or ::getsockname say of a socket; of kind `none` when they fail.
[[nodiscard]] inline address name_of(int fd, int (*ask)(int, sockaddr*, socklen_t*)) noexcept {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (ask(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  return address::from_native(reinterpret_cast<sockaddr const*>(&storage), size);
}

}  // namespace sluice::net
