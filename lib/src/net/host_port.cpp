// SPDX-License-Identifier: Apache-2.0
#include "net/host_port.hpp"

#include <sluice/net/address.hpp>

#include <charconv>
#include <utility>

namespace sluice::net {
namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

result<host_port, std::string> with_port(std::string_view host, std::string_view port) {
  auto const number = parse_port(port);
  if (!number) return "the port " + in_quotes(port) + " is not a number from 0 to 65535";
  return host_port{std::string{host}, number};
}

}  // namespace

result<host_port, std::string> split_host_port(std::string_view text) {
  if (text.starts_with('[')) {
    auto const close = text.find(']');
    if (close == text.npos) return std::string{"the bracket is not closed"};
    auto const host = text.substr(1, close - 1);
    auto const rest = text.substr(close + 1);
    auto const ip = address::from_ip(host, 0);
    if (!ip || host.find(':') == host.npos) return in_quotes(host) + " in brackets is not an IPv6 address";
    if (rest.empty()) return host_port{std::string{host}, std::nullopt};
    if (!rest.starts_with(':')) return "after the bracket comes " + in_quotes(rest) + " instead of :port";
    return with_port(host, rest.substr(1));
  }
  auto const colon = text.find(':');
  if (colon == text.npos) return host_port{std::string{text}, std::nullopt};
  if (text.find(':', colon + 1) == text.npos) return with_port(text.substr(0, colon), text.substr(colon + 1));
  if (address::from_ip(text, 0)) return host_port{std::string{text}, std::nullopt};
  return std::string{
      "it has several colons: an IPv6 address with a port is written in brackets, [::1]:50051"};
}

std::string in_quotes(std::string_view text) {
  static constexpr std::string_view digits = "0123456789abcdef";
  constexpr std::size_t most = 200;
  std::string out{'"'};
  for (char const c : text.substr(0, most)) {
    auto const byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f)
      out.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    else out.push_back(c);
  }
  if (text.size() > most) out.append("...");
  out.push_back('"');
  return out;
}

}  // namespace sluice::net
