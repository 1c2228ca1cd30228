// SPDX-License-Identifier: Apache-2.0
#include "client/request_heads.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <optional>
#include <set>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

struct asked {
  std::uint64_t number = 0;
  std::optional<std::string> timeout;  // in the common list
  bool timeout_left = false;           // to the call's own
};

asked ask(calling::request_heads& heads, std::string_view path, std::optional<duration> timeout) {
  wire::request_head head;
  head.path = path;
  head.scheme = "http";
  head.authority = "host";
  head.timeout = timeout;
  auto const* const common = heads.find(head);
  if (common == nullptr) return {};
  CHECK(common->fields.find(":path") == path);
  auto const found = common->fields.find("grpc-timeout");
  return {common->number, found ? std::optional{std::string{*found}} : std::nullopt,
          head.timeout.has_value()};
}

}  // namespace

TEST_CASE("a timeout that comes again and again is in the common list, others are each call's own") {
  calling::request_heads heads;
  auto const plain = ask(heads, "/a", std::nullopt);
  int own = 0;
  while (ask(heads, "/a", 1s).timeout_left) REQUIRE(++own < 100);
  CHECK(own == 8);
  auto const timed = ask(heads, "/a", 1s);
  CHECK(timed.timeout == "1000000u");
  CHECK(timed.number != plain.number);

  auto const other = ask(heads, "/a", 2s);
  CHECK(other.timeout_left);
  CHECK_FALSE(other.timeout);
  CHECK(other.number == plain.number);
  CHECK(ask(heads, "/b", 1s).timeout_left);
  CHECK(ask(heads, "/a", 1s).number == timed.number);
  CHECK_FALSE(ask(heads, "/a", std::nullopt).timeout);
}

TEST_CASE("timeouts that differ from call to call are never kept") {
  calling::request_heads heads;
  for (int i = 1; i != 1000; ++i) CHECK(ask(heads, "/a", i * 1ms).timeout_left);
}

TEST_CASE("the lists with a timeout are limited, and each has a number of its own") {
  calling::request_heads heads;
  std::set<std::uint64_t> numbers;
  for (int i = 1; i != 100; ++i)
    for (int again = 0; again != 20; ++again)
      if (auto const each = ask(heads, i % 2 == 0 ? "/a" : "/b", i * 1s); each.timeout)
        numbers.insert(each.number);
  CHECK(numbers.size() == 16);
  for (std::string_view const path : {"/a", "/b"}) CHECK_FALSE(numbers.contains(ask(heads, path, {}).number));
}
