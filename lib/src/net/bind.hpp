// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/result.hpp>
#include <sluice/net/address.hpp>

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "net/unique_fd.hpp"

namespace sluice::net {

/// A socket that listens. Of a unix socket in the file system it also owns the file, and unlinks it in the
/// end unless somebody else's socket has taken its place.
class listening_socket {
 public:
  listening_socket(unique_fd fd, address bound);
  listening_socket(listening_socket&&) noexcept = default;
  listening_socket& operator=(listening_socket&&) = delete;
  ~listening_socket();

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] address const& bound() const noexcept { return bound_; }

 private:
  struct identity {
    dev_t device;
    ino_t inode;
    friend bool operator==(identity const&, identity const&) = default;
  };
  [[nodiscard]] std::optional<identity> look() const;

  unique_fd fd_;
  address bound_;
  std::optional<identity> file_;
};

struct bind_options {
  int backlog = 4096;  // the system lowers it to net.core.somaxconn
  bool reuse_port =
      false;  // SO_REUSEPORT: several sockets share the port, the system spreads the connections
};

/// Listens on every one of the addresses that this machine has; fails when that is none, or when one is
/// taken. Where several of them ask for port 0, all get the same port.
[[nodiscard]] result<std::vector<listening_socket>, std::string> bind_all(
    std::vector<address> const& addresses, bind_options const& options);

}  // namespace sluice::net
