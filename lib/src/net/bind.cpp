// SPDX-License-Identifier: Apache-2.0
#include "net/bind.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace sluice::net {
namespace {

struct failure {
  int error = 0;
  std::string text;
};
using one_result = result<listening_socket, failure>;

failure explain(address const& where, char const* call, int error) {
  std::string text =
      "cannot listen on " + where.to_string() + ": " + call + ": " + std::system_category().message(error);
  if (struct stat found{}; error == EADDRINUSE && where.kind() == address::kind::unix_path &&
                           ::lstat(where.endpoint().c_str(), &found) == 0 && !S_ISSOCK(found.st_mode)) {
    text += ". A file that is not a socket has that name";
  } else if (error == EADDRINUSE) {
    text += where.is_ip()
                ? ". Another socket listens there: stop its program, or choose another port (port 0 lets the "
                  "system choose)"
                : ". Another program listens there: stop it, or choose another name";
  } else if (error == EADDRNOTAVAIL) {
    text += ". No interface of this machine has that address";
  } else if (error == EACCES && where.is_ip()) {
    text += ". Ports below 1024 need root or CAP_NET_BIND_SERVICE; choose a higher one";
  } else if (error == ENOENT) {
    text += ". The directory of the socket does not exist";
  }
  return {error, std::move(text)};
}

unique_fd open_socket(address const& where) {
  return unique_fd{::socket(where.data()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
}

/// True when nobody accepts at the path any more: its server died without removing the file.
bool is_stale(address const& where) {
  struct stat found{};
  if (::lstat(where.endpoint().c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return false;
  auto const probe = open_socket(where);
  return probe && ::connect(probe.get(), where.data(), where.size()) != 0 && errno == ECONNREFUSED;
}

int bind_here(int fd, address const& where) {
  if (::bind(fd, where.data(), where.size()) == 0) return 0;
  int const error = errno;
  if (error != EADDRINUSE || where.kind() != address::kind::unix_path || !is_stale(where)) return error;
  if (::unlink(where.endpoint().c_str()) != 0) return error;
  return ::bind(fd, where.data(), where.size()) == 0 ? 0 : errno;
}

one_result bind_one(address const& where, bind_options const& options) {
  auto socket = open_socket(where);
  if (!socket) return explain(where, "socket", errno);
  if (where.is_ip()) {
    int const on = 1;
    int const off = 0;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (options.reuse_port && ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
      return explain(where, "SO_REUSEPORT", errno);
    if (where.kind() == address::kind::ipv6)
      ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (int const error = bind_here(socket.get(), where); error != 0) return explain(where, "bind", error);
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0)
    return explain(where, "getsockname", errno);
  listening_socket made{std::move(socket),
                        address::from_native(reinterpret_cast<sockaddr const*>(&name), size)};
  if (::listen(made.fd(), options.backlog) != 0) return explain(where, "listen", errno);
  return made;
}

// A machine without IPv6 still has a loopback and a wildcard address to listen on.
bool means_absent(int error) { return error == EAFNOSUPPORT || error == EADDRNOTAVAIL; }

result<std::vector<listening_socket>, failure> bind_each(std::vector<address> const& addresses,
                                                         bind_options const& options) {
  std::vector<listening_socket> bound;
  failure absent{EINVAL, "cannot listen: no address was given"};
  bool everything = false;
  std::uint16_t port = 0;
  for (auto where : addresses) {
    if (everything && where.kind() == address::kind::ipv4 && where.is_wildcard()) continue;
    if (where.is_ip() && where.port() == 0) where = where.with_port(port);
    auto one = bind_one(where, options);
    if (one) {
      everything = everything || (where.kind() == address::kind::ipv6 && where.is_wildcard());
      if (port == 0) port = one->bound().port();
      bound.push_back(std::move(*one));
    } else if (means_absent(one.error().error)) {
      absent = one.error();
    } else {
      return one.error();
    }
  }
  if (bound.empty()) return absent;
  return bound;
}

}  // namespace

listening_socket::listening_socket(unique_fd fd, address bound)
    : fd_{std::move(fd)}, bound_{bound}, file_{look()} {}

listening_socket::~listening_socket() {
  if (!fd_ || !file_) return;
  if (file_ == look()) ::unlink(bound_.endpoint().c_str());
}

std::optional<listening_socket::identity> listening_socket::look() const {
  struct stat found{};
  if (bound_.kind() != address::kind::unix_path || ::lstat(bound_.endpoint().c_str(), &found) != 0)
    return std::nullopt;
  return identity{found.st_dev, found.st_ino};
}

result<std::vector<listening_socket>, std::string> bind_all(std::vector<address> const& addresses,
                                                            bind_options const& options) {
  // The port that the system chose for the first address may be taken for the second: choose again.
  bool const chosen = addresses.size() > 1 && addresses.front().is_ip() && addresses.front().port() == 0;
  for (int attempts = chosen ? 8 : 1;; --attempts) {
    auto bound = bind_each(addresses, options);
    if (bound) return std::move(*bound);
    if (attempts == 1 || bound.error().error != EADDRINUSE) return bound.error().text;
  }
}

}  // namespace sluice::net
