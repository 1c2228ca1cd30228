// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/metadata.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace sluice;

TEST_CASE("metadata is an ordered multimap") {
  metadata m{{"b", "1"}, {"a", "2"}};
  m.add("b", "3");
  CHECK(m.size() == 3);
  CHECK(std::vector<metadata::entry>(m.begin(), m.end()) ==
        std::vector<metadata::entry>{{"b", "1"}, {"a", "2"}, {"b", "3"}});
  CHECK(m.get("b") == "1");
  CHECK(m.get_all("b") == std::vector<std::string_view>{"1", "3"});
  CHECK(m.get_all("c").empty());
  CHECK(m.contains("a"));
  CHECK(!m.contains("c"));
  CHECK(!m.get("c"));
}

TEST_CASE("keys are folded to lower case when added, and looked up exactly") {
  metadata const m{{"X-User-ID", "Value"}};
  CHECK(m.get("x-user-id") == "Value");
  CHECK(!m.get("X-User-ID"));
}

TEST_CASE("set replaces every entry of its key, also when given in upper case") {
  metadata m{{"k", "1"}, {"l", "2"}, {"k", "3"}};
  m.set("k", "4");
  CHECK(m == metadata{{"l", "2"}, {"k", "4"}});
  m.set("K", "5");
  CHECK(m == metadata{{"l", "2"}, {"k", "5"}});
}

TEST_CASE("set may be given a view of the value that it replaces") {
  metadata m{{"k", "a value that is too long for a small string"}};
  m.set("k", *m.get("k"));
  CHECK(m.get("k") == "a value that is too long for a small string");
}

TEST_CASE("erase says how many entries it removed") {
  metadata m{{"k", "1"}, {"l", "2"}, {"k", "3"}};
  CHECK(m.erase("k") == 2);
  CHECK(m.erase("k") == 0);
  CHECK(m == metadata{{"l", "2"}});
  m.clear();
  CHECK(m.empty());
}

TEST_CASE("values keep any bytes") {
  std::string const bytes("\0\xff", 2);
  CHECK(metadata{{"k-bin", bytes}}.get("k-bin") == bytes);
}

TEST_CASE("binary keys end with -bin") {
  CHECK(is_binary_key("trace-bin"));
  CHECK(is_binary_key("-bin"));
  CHECK(!is_binary_key("bin"));
  CHECK(!is_binary_key("trace-bin-x"));
  CHECK(!is_binary_key(""));
}

TEST_CASE("the protocol's own keys are reserved") {
  for (std::string_view const key :
       {"grpc-status", "grpc-anything", "grpc-", "content-type", "te", "user-agent", "host", "connection",
        "content-length", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}) {
    INFO(key);
    CHECK(is_reserved_key(key));
    CHECK(check_entry(key, "v"));
  }
  for (std::string_view const key :
       {"grpc", "grpcx-a", "x-grpc-a", "authorization", "traceparent", "cookie", "ten"}) {
    INFO(key);
    CHECK(!is_reserved_key(key));
    CHECK(!check_entry(key, "v"));
  }
}

TEST_CASE("a key that cannot travel is named in the complaint") {
  CHECK(check_entry("", "v") == "metadata key is empty");
  CHECK(check_entry("grpc-x", "v") == "metadata key \"grpc-x\" is reserved for the protocol");
  for (std::string_view const key :
       {":path", "a b", "Upper", "caf\xc3\xa9", "a\n", "a:b", "a/b", "a,b", " a", "a\r"}) {
    INFO(key);
    auto const complaint = check_entry(key, "v");
    REQUIRE(complaint);
    CHECK(complaint->find("\"" + std::string{key} + "\"") != std::string::npos);
  }
  CHECK(check_entry(std::string_view{"a\0", 2}, "v"));
}

TEST_CASE("keys of letters, digits, dots, dashes and underscores travel") {
  CHECK(!check_entry("a-z_0.9", "v"));
  CHECK(!check_entry("x", ""));
}

TEST_CASE("a text value must be printable ASCII, a binary one may be anything") {
  for (std::string_view const value : {"\n", "a\rb", "\t", "\x7f", "caf\xc3\xa9"}) {
    CHECK(check_entry("k", value));
    CHECK(!check_entry("k-bin", value));
  }
  CHECK(check_entry("k", std::string_view{"\0", 1}));
  CHECK(!check_entry("k", " ~"));
}
