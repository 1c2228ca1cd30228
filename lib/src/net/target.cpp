// SPDX-License-Identifier: Apache-2.0
#include <sluice/net/target.hpp>

#include <algorithm>
#include <utility>

#include "net/host_port.hpp"
#include "net/unix_name.hpp"

namespace sluice {
namespace {

using parsed_target = result<target, std::string>;

constexpr bool is_scheme_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
         c == '.';
}

// What a resolver would refuse anyway, refused with a better message.
std::string check_host(std::string_view host) {
  if (host.empty()) return "it has no host";
  if (host.size() > 254) return "the host name has more than 253 characters";
  auto const odd = [](char c) {
    return c <= ' ' || c == 0x7f || std::string_view{"/?#@,\\[]\"<>"}.find(c) != std::string_view::npos;
  };
  if (std::any_of(host.begin(), host.end(), odd))
    return "the host " + net::in_quotes(host) + " has a character that no name has";
  return {};
}

parsed_target parse_dns(std::string_view text) {
  target made;
  made.scheme = "dns";
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    auto const slash = text.find('/');
    if (slash == text.npos)
      return std::string{"after dns:// comes [name server]/host:port, as in dns:///host:50051"};
    made.name_server = text.substr(0, slash);
    text.remove_prefix(slash + 1);
    if (!made.name_server.empty()) {
      auto const server = net::split_host_port(made.name_server);
      if (!server) return "the name server is wrong: " + server.error();
      if (!address::from_ip(server->host, 0))
        return "the name server " + net::in_quotes(made.name_server) + " is not a numeric address";
    }
  }
  auto split = net::split_host_port(text);
  if (!split) return split.error();
  if (auto wrong = check_host(split->host); !wrong.empty()) return wrong;
  if (split->port && *split->port == 0) return std::string{"nothing can be reached at port 0"};
  made.host = std::move(split->host);
  made.port = split->port.value_or(default_target_port);
  // An address without brackets has no port either.
  bool const bare = text.front() != '[' && made.host.find(':') != made.host.npos;
  made.authority = bare ? "[" + made.host + "]" : std::string{text};
  return made;
}

parsed_target parse_ip(std::string_view scheme, std::string_view text) {
  target made;
  made.scheme = scheme;
  auto const wanted = scheme == "ipv4" ? address::kind::ipv4 : address::kind::ipv6;
  for (;;) {
    auto const comma = text.find(',');
    auto const one = text.substr(0, comma);
    auto const split = net::split_host_port(one);
    if (!split) return net::in_quotes(one) + ": " + split.error();
    auto const ip = address::from_ip(split->host, split->port.value_or(default_target_port));
    bool const has_colon = split->host.find(':') != split->host.npos;
    if (!ip || has_colon != (wanted == address::kind::ipv6))
      return net::in_quotes(split->host) + " is not an " + (wanted == address::kind::ipv4 ? "IPv4" : "IPv6") +
             " address";
    if (ip->port() == 0) return std::string{"nothing can be reached at port 0"};
    if (made.addresses.empty()) made.authority = one;
    made.addresses.push_back(*ip);
    if (comma == text.npos) return made;
    text.remove_prefix(comma + 1);
  }
}

parsed_target parse(std::string_view text) {
  if (text.empty()) return std::string{"it is empty"};
  if (auto const name = net::parse_unix_name(text)) {
    if (!*name) return name->error();
    target made;
    made.scheme = text.substr(0, text.find(':'));
    made.addresses.push_back(**name);
    made.authority = "localhost";
    return made;
  }
  auto const colon = text.find(':');
  auto const scheme = text.substr(0, colon);
  auto const rest = colon == text.npos ? std::string_view{} : text.substr(colon + 1);
  if (colon != text.npos && (scheme == "ipv4" || scheme == "ipv6")) return parse_ip(scheme, rest);
  if (colon != text.npos && scheme == "dns") return parse_dns(rest);
  // "localhost:50051" looks like a scheme too: only what cannot be host:port is taken for an unknown one.
  if (rest.starts_with("//") && std::all_of(scheme.begin(), scheme.end(), is_scheme_char)) {
    std::string wrong = "the scheme " + net::in_quotes(scheme) +
                        " is not known; known are dns, ipv4, ipv6, unix and unix-abstract";
    if (scheme == "http" || scheme == "https" || scheme == "grpc")
      wrong += ". A target is no URL: write host:port";
    return wrong;
  }
  return parse_dns(text);
}

}  // namespace

std::string target::to_string() const {
  if (scheme == "dns") {
    bool const v6 = host.find(':') != host.npos;
    return "dns://" + name_server + "/" + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
  }
  if (scheme == "unix") return addresses.front().to_string();
  std::string text = scheme + ":";
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (i != 0) text += ',';
    auto const endpoint = addresses[i].endpoint();
    if (scheme == "ipv6" &&
        addresses[i].kind() == address::kind::ipv4) {  // written as mapped, kept as what it is
      auto const colon = endpoint.rfind(':');
      text += "[::ffff:" + endpoint.substr(0, colon) + "]" + endpoint.substr(colon);
    } else {
      text += endpoint;
    }
  }
  return text;
}

result<target, std::string> parse_target(std::string_view text) {
  auto parsed = parse(text);
  if (!parsed) return "bad target " + net::in_quotes(text) + ": " + parsed.error();
  return parsed;
}

}  // namespace sluice
