// SPDX-License-Identifier: Apache-2.0
#include <sluice/net/address.hpp>

#include <netinet/in.h>

#include "support/catch.hpp"

using sluice::address;
using sluice::parse_listen_address;

namespace {

std::string listen(std::string_view text) {
  auto const parsed = parse_listen_address(text);
  if (!parsed) return "error: " + parsed.error();
  std::string out;
  for (auto const& each : *parsed) out += (out.empty() ? "" : " ") + each.to_string();
  return out;
}

bool has(std::string const& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("every form of a listening address is read") {
  CHECK(listen("127.0.0.1:50051") == "ipv4:127.0.0.1:50051");
  CHECK(listen("[::1]:0") == "ipv6:[::1]:0");
  CHECK(listen("0.0.0.0:50051") == "ipv4:0.0.0.0:50051");
  CHECK(listen(":50051") == "ipv6:[::]:50051 ipv4:0.0.0.0:50051");
  CHECK(listen("*:1") == "ipv6:[::]:1 ipv4:0.0.0.0:1");
  CHECK(listen("localhost:7") == "ipv4:127.0.0.1:7 ipv6:[::1]:7");
  CHECK(listen("a.localhost.:7") == "ipv4:127.0.0.1:7 ipv6:[::1]:7");
  CHECK(listen("unix:/run/x.sock") == "unix:/run/x.sock");
  CHECK(listen("unix:///run/x.sock") == "unix:/run/x.sock");
  CHECK(listen("unix:x.sock") == "unix:x.sock");
  CHECK(listen("unix-abstract:x") == "unix-abstract:x");
}

TEST_CASE("what an address prints is read back as the same address") {
  for (auto const* const text : {"ipv4:127.0.0.1:80", "ipv6:[2001:db8::1]:80", "ipv6:[fe80::1%lo]:5",
                                 "unix:/a b", "unix-abstract:n", "ipv4:255.255.255.255:65535"}) {
    auto const once = parse_listen_address(text);
    REQUIRE(once);
    CHECK(once->front().to_string() == text);
    auto const twice = parse_listen_address(once->front().to_string());
    REQUIRE(twice);
    CHECK(*once == *twice);
  }
}

TEST_CASE("a bad listening address says what is wrong with it") {
  CHECK(has(listen(""), "cannot listen on \"\": it is empty"));
  CHECK(has(listen("127.0.0.1"), "no port"));
  CHECK(has(listen("::1"), "no port"));
  CHECK(has(listen("127.0.0.1:http"), "the port \"http\" is not a number"));
  CHECK(has(listen("127.0.0.1:65536"), "not a number from 0 to 65535"));
  CHECK(has(listen("127.0.0.1:-1"), "not a number"));
  CHECK(has(listen("127.0.0.1:"), "the port \"\""));
  CHECK(has(listen("::1:50051"), "in brackets"));
  CHECK(has(listen("x:y:1"), "in brackets"));
  CHECK(has(listen("[::1:1"), "bracket is not closed"));
  CHECK(has(listen("[127.0.0.1]:1"), "not an IPv6 address"));
  CHECK(has(listen("[::1]50051"), "instead of :port"));
  CHECK(has(listen("example.com:80"), "\"example.com\" is a name"));
  CHECK(has(listen("http://127.0.0.1:80"), "not an address"));
  CHECK(has(listen("unix:"), "path is empty"));
  CHECK(has(listen("unix://x"), "absolute path"));
  CHECK(has(listen("unix:/" + std::string(107, 'x')), "has 108 bytes; at most 107"));
  CHECK(has(listen("unix-abstract:"), "name is empty"));
  CHECK(has(listen("a\nb:1"), "a\\x0ab"));
}

TEST_CASE("an IPv4 address that is mapped into IPv6 is IPv4") {
  auto const mapped = address::from_ip("::ffff:192.0.2.1", 80);
  REQUIRE(mapped);
  CHECK(mapped->to_string() == "ipv4:192.0.2.1:80");
  CHECK(mapped == address::from_ip("192.0.2.1", 80));
}

TEST_CASE("the longest unix path and abstract name survive the way through a socket address") {
  std::string const longest(107, 'p');
  auto const path = address::from_path(longest);
  auto const name = address::from_abstract_name(longest);
  REQUIRE(path);
  REQUIRE(name);
  CHECK(address::from_native(path->data(), path->size()).endpoint() == longest);
  CHECK(address::from_native(name->data(), name->size()).endpoint() == longest);
}

TEST_CASE("a unix path with two slashes in front can be listened on as it is written") {
  auto const path = address::from_path("//run/x.sock");
  REQUIRE(path);
  auto const again = parse_listen_address(path->to_string());
  REQUIRE(again);
  CHECK(again->front() == *path);
}

TEST_CASE("the nameless end of a unix connection is unix:, an unknown family is unknown") {
  sockaddr nameless{};
  nameless.sa_family = AF_UNIX;
  CHECK(address::from_native(&nameless, sizeof(sa_family_t)).to_string() == "unix:");
  nameless.sa_family = AF_APPLETALK;
  CHECK(address::from_native(&nameless, sizeof nameless).to_string() == "unknown");
  CHECK(address{}.to_string() == "unknown");
}

TEST_CASE("ports and wildcards are told") {
  auto const any = address::from_ip("::", 9);
  REQUIRE(any);
  CHECK(any->is_wildcard());
  CHECK(any->port() == 9);
  CHECK(any->with_port(10).port() == 10);
  CHECK_FALSE(address::from_ip("::1", 9)->is_wildcard());
  CHECK_FALSE(address::from_ip("localhost", 9));
  CHECK_FALSE(address::from_ip("fe80::1%no-such-interface", 9));
  CHECK_FALSE(address::from_ip("fe80::1%lo:alias", 9));  // the kernel knows it as lo
}
