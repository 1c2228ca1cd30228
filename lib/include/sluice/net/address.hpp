// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/result.hpp>

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Where a socket is: an IPv4 or IPv6 address with a port, or a unix socket's path or abstract name.
///
/// An IPv4 address that is mapped into IPv6 (::ffff:192.0.2.1) is kept as what it is: IPv4.
///
/// Concurrency: a value; distinct objects may be used by distinct threads.
class address {
 public:
  enum class kind : std::uint8_t { none, ipv4, ipv6, unix_path, unix_abstract };

  address() noexcept = default;

  /// From "127.0.0.1", "::1" or "fe80::1%eth0"; nothing when the text is not a numeric address.
  [[nodiscard]] static std::optional<address> from_ip(std::string_view numeric, std::uint16_t port);
  /// A unix socket in the file system: 1 to 107 bytes, none of them NUL. The error is a sentence for people.
  [[nodiscard]] static result<address, std::string> from_path(std::string_view path);
  /// A unix socket with an abstract name (Linux; no file): 1 to 107 bytes.
  [[nodiscard]] static result<address, std::string> from_abstract_name(std::string_view name);
  /// What accept, getsockname or getaddrinfo gave. `none` for a family that is not among the kinds.
  [[nodiscard]] static address from_native(sockaddr const* data, socklen_t size) noexcept;

  [[nodiscard]] address::kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_ip() const noexcept { return kind_ == kind::ipv4 || kind_ == kind::ipv6; }
  [[nodiscard]] bool is_wildcard() const noexcept;  ///< 0.0.0.0 or [::]
  /// The port of an IP address; otherwise 0.
  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] address with_port(std::uint16_t port) const noexcept;
  /// Without the kind: "127.0.0.1:50051", "[::1]:50051", "/run/x.sock", "name".
  [[nodiscard]] std::string endpoint() const;
  /// As targets and `server::listen` take it: "ipv4:127.0.0.1:50051", "ipv6:[::1]:50051", "unix:/run/x.sock",
  /// "unix-abstract:name". The nameless end of a unix connection is "unix:".
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] sockaddr const* data() const noexcept { return reinterpret_cast<sockaddr const*>(&storage_); }
  [[nodiscard]] socklen_t size() const noexcept { return size_; }

  friend bool operator==(address const& a, address const& b) noexcept;

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
  enum kind kind_ = kind::none;
};

/// Reads where to listen:
///
///   "127.0.0.1:50051"  "[::1]:0"   one address; port 0 lets the system choose
///   "localhost:50051"              both loopback addresses
///   ":50051"                       every address of the machine, IPv6 and IPv4 ("[::]:50051" likewise)
///   "0.0.0.0:50051"                every IPv4 address
///   "unix:/run/x.sock"  "unix:///run/x.sock"  "unix:relative.sock"
///   "unix-abstract:name"
///
/// and the forms that `address::to_string` writes. Several addresses mean: listen on each one that the
/// machine has. The error is a sentence that names the text and says what is wrong.
[[nodiscard]] result<std::vector<address>, std::string> parse_listen_address(std::string_view text);

}  // namespace sluice
