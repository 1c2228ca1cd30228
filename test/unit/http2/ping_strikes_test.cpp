// SPDX-License-Identifier: Apache-2.0
#include "http2/ping_strikes.hpp"

#include "support/catch.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using http2::ping_strikes;

namespace {

constexpr time_point start{100s};

// How many pings, `apart` from each other, are allowed.
int allowed(ping_strikes strikes, duration apart, bool calls) {
  int count = 0;
  while (count != 100 && strikes.allow(start + count * apart, calls, false)) ++count;
  return count;
}

}  // namespace

TEST_CASE("the first ping and two that come too early are allowed, the next is one too many") {
  CHECK(allowed({5min, false}, 5min - 1ns, true) == 3);
  CHECK(allowed({5min, false}, 0s, true) == 3);
}

TEST_CASE("pings at the minimum interval are allowed for ever") {
  CHECK(allowed({5min, false}, 5min, true) == 100);
}

TEST_CASE("without calls pings must be two hours apart, unless they are permitted") {
  CHECK(allowed({5min, false}, 2h - 1ns, false) == 3);
  CHECK(allowed({5min, false}, 2h, false) == 100);
  CHECK(allowed({5min, true}, 5min, false) == 100);
  CHECK(allowed({5min, true}, 5min - 1ns, false) == 3);
}

TEST_CASE("what was sent for a call in between wipes the strikes out") {
  ping_strikes strikes{5min, false};
  for (int i = 0; i != 3; ++i) REQUIRE(strikes.allow(start, true, false));
  CHECK(strikes.allow(start, true, true));
  CHECK(strikes.allow(start, true, false));
  CHECK(strikes.allow(start, true, false));
  CHECK_FALSE(strikes.allow(start, true, false));
}
