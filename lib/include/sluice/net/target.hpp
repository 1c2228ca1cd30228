// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/result.hpp>
#include <sluice/net/address.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// What a channel connects to, taken apart. See `parse_target`.
struct target {
  std::string scheme;              ///< "dns", "ipv4", "ipv6", "unix" or "unix-abstract"
  std::string
      name_server;  ///< dns only: "192.0.2.53" or "192.0.2.53:5353" of dns://192.0.2.53/host; mostly empty
  std::string host;  ///< dns only: a host name, or a numeric address without brackets
  std::uint16_t port = 0;  ///< dns only
  std::vector<address> addresses;  ///< of every scheme but dns; at least one
  std::string authority;  ///< what the calls' :authority says, unless the channel's user overrides it

  /// The canonical form: "dns:///localhost:50051", "ipv4:127.0.0.1:80,127.0.0.2:80", "unix:/run/x.sock".
  [[nodiscard]] std::string to_string() const;
};

/// The port of a target that names none. gRPC's naming document says 443, also without TLS.
inline constexpr std::uint16_t default_target_port = 443;

/// Reads a target by the rules of gRPC's naming document:
///
///   "dns:///host:port"  "dns:host:port"  "host:port"  "host"     looked up; the port is 443 when left out
///   "dns://192.0.2.53/host:port"                                 looked up at that name server
///   "ipv4:192.0.2.1:80,192.0.2.2:80"  "ipv6:[2001:db8::1]:80"    one or several addresses
///   "unix:/run/x.sock"  "unix:relative.sock"  "unix:///run/x.sock"
///   "unix-abstract:name"
///
/// Authority: for dns "host:port" as written, with brackets round an IPv6 address, for ipv4 and ipv6 the first address as written, for unix
/// "localhost". The error is a sentence that names the text and says what is wrong with it.
[[nodiscard]] result<target, std::string> parse_target(std::string_view text);

}  // namespace sluice
