// SPDX-License-Identifier: Apache-2.0
#include <sluice/net/target.hpp>

#include "support/catch.hpp"

using sluice::parse_target;

namespace {

// scheme | canonical form | authority
std::string read(std::string_view text) {
  auto const parsed = parse_target(text);
  if (!parsed) return "error: " + parsed.error();
  return parsed->scheme + " | " + parsed->to_string() + " | " + parsed->authority;
}

bool has(std::string const& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("dns targets are read with and without their scheme") {
  CHECK(read("dns:///localhost:50051") == "dns | dns:///localhost:50051 | localhost:50051");
  CHECK(read("dns:localhost:50051") == "dns | dns:///localhost:50051 | localhost:50051");
  CHECK(read("localhost:50051") == "dns | dns:///localhost:50051 | localhost:50051");
  CHECK(read("localhost") == "dns | dns:///localhost:443 | localhost");
  CHECK(read("127.0.0.1:80") == "dns | dns:///127.0.0.1:80 | 127.0.0.1:80");
  CHECK(read("[::1]:80") == "dns | dns:///[::1]:80 | [::1]:80");
  CHECK(read("dns:///[::1]") == "dns | dns:///[::1]:443 | [::1]");
  CHECK(read("::1") == "dns | dns:///[::1]:443 | [::1]");
  CHECK(read("dns://192.0.2.53/a.test:1") == "dns | dns://192.0.2.53/a.test:1 | a.test:1");
  CHECK(parse_target("dns://192.0.2.53:5353/a.test:1")->name_server == "192.0.2.53:5353");
  CHECK(parse_target("dns:///[::1]:80")->host == "::1");
}

TEST_CASE("targets that are addresses are read") {
  CHECK(read("ipv4:1.2.3.4:80,5.6.7.8:81") == "ipv4 | ipv4:1.2.3.4:80,5.6.7.8:81 | 1.2.3.4:80");
  CHECK(read("ipv4:1.2.3.4") == "ipv4 | ipv4:1.2.3.4:443 | 1.2.3.4");
  CHECK(read("ipv6:[::1]:80") == "ipv6 | ipv6:[::1]:80 | [::1]:80");
  CHECK(read("ipv6:[::1]:80,[::2]:81") == "ipv6 | ipv6:[::1]:80,[::2]:81 | [::1]:80");
  CHECK(read("ipv6:[::ffff:192.0.2.1]:5") == "ipv6 | ipv6:[::ffff:192.0.2.1]:5 | [::ffff:192.0.2.1]:5");
  CHECK(read("unix:/run/x.sock") == "unix | unix:/run/x.sock | localhost");
  CHECK(read("unix:///run/x.sock") == "unix | unix:/run/x.sock | localhost");
  CHECK(read("unix:////run/x.sock") == "unix | unix:////run/x.sock | localhost");
  CHECK(read("unix:x.sock") == "unix | unix:x.sock | localhost");
  CHECK(read("unix-abstract:x") == "unix-abstract | unix-abstract:x | localhost");
  REQUIRE(parse_target("ipv4:1.2.3.4:80,5.6.7.8:81"));
  CHECK(parse_target("ipv4:1.2.3.4:80,5.6.7.8:81")->addresses.size() == 2);
}

TEST_CASE("a bad target says what is wrong with it") {
  CHECK(has(read(""), "bad target \"\": it is empty"));
  CHECK(has(read("dns:///"), "no host"));
  CHECK(has(read(":80"), "no host"));
  CHECK(has(read("dns:///:80"), "no host"));
  CHECK(has(read("host:0"), "port 0"));
  CHECK(has(read("host:http"), "the port \"http\" is not a number"));
  CHECK(has(read("host:"), "the port \"\""));
  CHECK(has(read("a b:1"), "character that no name has"));
  CHECK(has(read("host/path:1"), "character that no name has"));
  CHECK(has(read(std::string(300, 'x') + ":1"), "more than 253"));
  CHECK(has(read("dns://host:80"), "as in dns:///"));
  CHECK_FALSE(has(read("dns://a\nb"), "\n"));
  CHECK(has(read("dns://ns.test/host:80"), "is not a numeric address"));
  CHECK(has(read("http://host:80"), "A target is no URL"));
  CHECK(has(read("xds:///service"), "the scheme \"xds\" is not known"));
  CHECK(has(read("ipv4:[::1]:80"), "not an IPv4 address"));
  CHECK(has(read("ipv4:localhost:80"), "not an IPv4 address"));
  CHECK(has(read("ipv4:1.2.3.4:80,"), "not an IPv4 address"));
  CHECK(has(read("ipv4:1.2.3.4:0"), "port 0"));
  CHECK(has(read("ipv6:1.2.3.4:80"), "not an IPv6 address"));
  CHECK(has(read("unix://host/x"), "absolute path"));
  CHECK(has(read("unix:"), "path is empty"));
}
