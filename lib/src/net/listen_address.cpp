// SPDX-License-Identifier: Apache-2.0
#include <sluice/net/address.hpp>

#include "net/host_port.hpp"
#include "net/unix_name.hpp"

namespace sluice {
namespace {

using addresses = std::vector<address>;

// Names that mean this machine by definition (RFC 6761), so that nothing has to be looked up to listen.
bool is_loopback_name(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return host == "localhost" || host.ends_with(".localhost") || host == "ip6-localhost";
}

result<addresses, std::string> parse(std::string_view text) {
  if (text.empty()) return std::string{"it is empty"};
  if (auto const name = net::parse_unix_name(text)) {
    if (!*name) return name->error();
    return addresses{**name};
  }
  for (std::string_view const scheme : {"ipv4:", "ipv6:"})
    if (text.starts_with(scheme)) text.remove_prefix(scheme.size());
  if (text.find("//") != text.npos)
    return std::string{"it is not an address; write host:port, unix:path or unix-abstract:name"};

  auto const split = net::split_host_port(text);
  if (!split) return split.error();
  if (!split->port)
    return std::string{"it has no port; write host:port, and port 0 to let the system choose"};
  auto const port = *split->port;
  if (split->host.empty() || split->host == "*")
    return addresses{*address::from_ip("::", port), *address::from_ip("0.0.0.0", port)};
  if (auto const ip = address::from_ip(split->host, port)) return addresses{*ip};
  if (is_loopback_name(split->host))
    return addresses{*address::from_ip("127.0.0.1", port), *address::from_ip("::1", port)};
  return "the host " + net::in_quotes(split->host) +
         " is a name; write one of this machine's numeric addresses, localhost, or only :port for all of "
         "them";
}

}  // namespace

result<std::vector<address>, std::string> parse_listen_address(std::string_view text) {
  auto parsed = parse(text);
  if (!parsed) return "cannot listen on " + net::in_quotes(text) + ": " + parsed.error();
  return parsed;
}

}  // namespace sluice
