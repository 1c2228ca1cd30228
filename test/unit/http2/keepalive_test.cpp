// SPDX-License-Identifier: Apache-2.0
#include "http2/keepalive.hpp"

#include "support/catch.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using http2::keepalive;

namespace {

using verdict = keepalive::verdict;
constexpr time_point start{100s};

}  // namespace

TEST_CASE("a keepalive that is off wants nothing, ever") {
  keepalive off{{}};
  CHECK_FALSE(off.enabled());
  CHECK(off.next(start, true) == time_point::max());
  CHECK(off.check(start + 1000h, start, true) == verdict::wait);
}

TEST_CASE(
    "a ping is due after a silence of exactly its time, and the peer is dead after exactly its timeout") {
  keepalive each{{.time = 30s, .timeout = 20s}};
  CHECK(each.next(start, true) == start + 30s);
  CHECK(each.check(start + 30s - 1ns, start, true) == verdict::wait);
  CHECK(each.check(start + 30s, start, true) == verdict::ping);
  CHECK(each.next(start, true) == start + 50s);
  CHECK(each.check(start + 50s - 1ns, start, true) == verdict::wait);
  CHECK(each.check(start + 50s, start, true) == verdict::dead);
}

TEST_CASE("whatever is heard after a ping is an answer to it, and the silence counts from there") {
  keepalive each{{.time = 30s, .timeout = 20s}};
  REQUIRE(each.check(start + 30s, start, true) == verdict::ping);
  time_point const heard = start + 49s;
  CHECK(each.check(start + 50s, heard, true) == verdict::wait);
  CHECK(each.next(heard, true) == heard + 30s);
  CHECK(each.check(heard + 30s, heard, true) == verdict::ping);
}

TEST_CASE("without calls there is no ping, unless that is permitted") {
  keepalive strict{{.time = 30s}};
  CHECK(strict.next(start, false) == time_point::max());
  CHECK(strict.check(start + 1h, start, false) == verdict::wait);
  CHECK(strict.check(start + 1h, start, true) == verdict::ping);  // a call began after the silence

  keepalive permitted{{.time = 30s, .without_calls = true}};
  CHECK(permitted.next(start, false) == start + 30s);
  CHECK(permitted.check(start + 30s, start, false) == verdict::ping);
}

TEST_CASE("a ping that is on its way is waited for, although the last call has ended") {
  keepalive each{{.time = 30s, .timeout = 20s}};
  REQUIRE(each.check(start + 30s, start, true) == verdict::ping);
  CHECK(each.next(start, false) == start + 50s);
  CHECK(each.check(start + 50s, start, false) == verdict::dead);
}

TEST_CASE("a keepalive time that does not fit the clock is never") {
  keepalive each{{.time = duration::max() - 1ns, .timeout = duration::max()}};
  CHECK(each.next(start, true) == time_point::max());
}
