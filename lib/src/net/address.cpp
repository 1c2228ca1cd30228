// SPDX-License-Identifier: Apache-2.0
#include <sluice/net/address.hpp>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace sluice {
namespace {

constexpr std::size_t path_at = offsetof(sockaddr_un, sun_path);
constexpr std::size_t longest_path = sizeof(sockaddr_un::sun_path) - 1;

// sockaddr_storage is made to be read as each of these.
template <class Native>
Native const& as(sockaddr const* data) noexcept {
  return *reinterpret_cast<Native const*>(data);
}

address make_unix(std::string_view name, bool abstract) noexcept {
  sockaddr_un native{};
  native.sun_family = AF_UNIX;
  std::memcpy(native.sun_path + (abstract ? 1 : 0), name.data(), name.size());
  // Both have one byte beside the name: a path ends with NUL, an abstract name begins with it.
  auto const size = static_cast<socklen_t>(path_at + name.size() + 1);
  return address::from_native(reinterpret_cast<sockaddr const*>(&native), size);
}

std::string check_unix(std::string_view what, std::string_view name) {
  if (name.empty()) return std::string{what} + " is empty";
  if (name.size() > longest_path)
    return std::string{what} + " has " + std::to_string(name.size()) + " bytes; at most " +
           std::to_string(longest_path) + " fit into a socket address";
  if (name.find('\0') != name.npos) return std::string{what} + " has a NUL byte in it";
  return {};
}

std::optional<std::uint32_t> parse_zone(std::string const& zone) {
  if (zone.find(':') != zone.npos) return std::nullopt;  // the kernel would look no further
  if (auto const index = ::if_nametoindex(zone.c_str()); index != 0) return index;
  std::uint32_t number = 0;
  auto const [end, error] = std::from_chars(zone.data(), zone.data() + zone.size(), number);
  if (error != std::errc{} || end != zone.data() + zone.size() || number == 0) return std::nullopt;
  return number;
}

}  // namespace

std::optional<address> address::from_ip(std::string_view numeric, std::uint16_t port) {
  std::string text{numeric};
  if (text.find('\0') != text.npos) return std::nullopt;
  sockaddr_in v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return from_native(reinterpret_cast<sockaddr const*>(&v4), sizeof v4);
  }
  sockaddr_in6 v6{};
  if (auto const percent = text.find('%'); percent != text.npos) {
    auto const zone = parse_zone(text.substr(percent + 1));
    if (!zone) return std::nullopt;
    v6.sin6_scope_id = *zone;
    text.resize(percent);
  }
  if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) != 1) return std::nullopt;
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  return from_native(reinterpret_cast<sockaddr const*>(&v6), sizeof v6);
}

result<address, std::string> address::from_path(std::string_view path) {
  if (auto wrong = check_unix("the unix socket's path", path); !wrong.empty()) return wrong;
  return make_unix(path, false);
}

result<address, std::string> address::from_abstract_name(std::string_view name) {
  if (auto wrong = check_unix("the abstract socket's name", name); !wrong.empty()) return wrong;
  return make_unix(name, true);
}

address address::from_native(sockaddr const* data, socklen_t size) noexcept {
  address made;
  if (size < sizeof(sa_family_t) || size > sizeof made.storage_) return made;
  if (data->sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
    made.kind_ = kind::ipv4;
  } else if (data->sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    auto const& v6 = as<sockaddr_in6>(data);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      sockaddr_in v4{};
      v4.sin_family = AF_INET;
      v4.sin_port = v6.sin6_port;
      std::memcpy(&v4.sin_addr, v6.sin6_addr.s6_addr + 12, 4);
      return from_native(reinterpret_cast<sockaddr const*>(&v4), sizeof v4);
    }
    made.kind_ = kind::ipv6;
  } else if (data->sa_family == AF_UNIX) {
    bool const abstract = size > path_at && as<sockaddr_un>(data).sun_path[0] == '\0';
    made.kind_ = abstract ? kind::unix_abstract : kind::unix_path;
  } else {
    return made;
  }
  std::memcpy(&made.storage_, data, size);
  made.size_ = size;
  return made;
}

bool address::is_wildcard() const noexcept {
  if (kind_ == kind::ipv4) return as<sockaddr_in>(data()).sin_addr.s_addr == htonl(INADDR_ANY);
  return kind_ == kind::ipv6 && IN6_IS_ADDR_UNSPECIFIED(&as<sockaddr_in6>(data()).sin6_addr);
}

std::uint16_t address::port() const noexcept {
  if (kind_ == kind::ipv4) return ntohs(as<sockaddr_in>(data()).sin_port);
  if (kind_ == kind::ipv6) return ntohs(as<sockaddr_in6>(data()).sin6_port);
  return 0;
}

address address::with_port(std::uint16_t port) const noexcept {
  address changed = *this;
  if (kind_ == kind::ipv4) reinterpret_cast<sockaddr_in&>(changed.storage_).sin_port = htons(port);
  if (kind_ == kind::ipv6) reinterpret_cast<sockaddr_in6&>(changed.storage_).sin6_port = htons(port);
  return changed;
}

std::string address::endpoint() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  switch (kind_) {
    case kind::none: return "unknown";
    case kind::ipv4:
      ::inet_ntop(AF_INET, &as<sockaddr_in>(data()).sin_addr, text.data(), text.size());
      return std::string{text.data()} + ":" + std::to_string(port());
    case kind::ipv6: {
      auto const& v6 = as<sockaddr_in6>(data());
      ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
      std::string out = "[" + std::string{text.data()};
      if (v6.sin6_scope_id != 0) {
        std::array<char, IF_NAMESIZE> zone{};
        auto const* const name = ::if_indextoname(v6.sin6_scope_id, zone.data());
        out += "%" + (name != nullptr ? std::string{name} : std::to_string(v6.sin6_scope_id));
      }
      return out + "]:" + std::to_string(port());
    }
    case kind::unix_path: {
      if (size_ <= path_at) return {};
      auto const* const path = as<sockaddr_un>(data()).sun_path;
      return {path, ::strnlen(path, size_ - path_at)};
    }
    case kind::unix_abstract: return {as<sockaddr_un>(data()).sun_path + 1, size_ - path_at - 1};
  }
  return "unknown";
}

std::string address::to_string() const {
  switch (kind_) {
    case kind::none: return "unknown";
    case kind::ipv4: return "ipv4:" + endpoint();
    case kind::ipv6: return "ipv6:" + endpoint();
    case kind::unix_path: {
      auto const path = endpoint();
      // "unix://path" is the form with two slashes of its own.
      return (path.starts_with("//") ? "unix://" : "unix:") + path;
    }
    case kind::unix_abstract: return "unix-abstract:" + endpoint();
  }
  return "unknown";
}

bool operator==(address const& a, address const& b) noexcept {
  return a.kind_ == b.kind_ && a.size_ == b.size_ && std::memcmp(&a.storage_, &b.storage_, a.size_) == 0;
}

}  // namespace sluice
