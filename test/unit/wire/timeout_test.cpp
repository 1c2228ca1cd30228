// SPDX-License-Identifier: Apache-2.0
#include "wire/timeout.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <random>
#include <string>

using namespace sluice;
using namespace sluice::wire;
using namespace std::chrono_literals;

TEST_CASE("each unit of a timeout is read") {
  CHECK(parse_timeout("2H") == 2h);
  CHECK(parse_timeout("3M") == 3min);
  CHECK(parse_timeout("4S") == 4s);
  CHECK(parse_timeout("5m") == 5ms);
  CHECK(parse_timeout("6u") == 6us);
  CHECK(parse_timeout("7n") == 7ns);
  CHECK(parse_timeout("99999999n") == 99'999'999ns);
  CHECK(parse_timeout("00000001S") == 1s);
}

TEST_CASE("a timeout of zero has passed already") {
  CHECK(parse_timeout("0n") == 0ns);
  CHECK(parse_timeout("0H") == 0ns);
}

TEST_CASE("a timeout beyond the clock saturates") {
  CHECK(parse_timeout("99999999H") == duration::max());
  CHECK(parse_timeout("2562048H") == duration::max());
  CHECK(parse_timeout("2562047H") == 2562047h);
  CHECK(parse_timeout("99999999M") == 99'999'999min);
}

TEST_CASE("what is no timeout is refused") {
  for (std::string_view const text :
       {"",     "S",    "1",   "12345678", "123456789S", "100000000n", "-1S", "+1S",
        " 1S",  "1S ",  "1 S", "1s",       "1h",         "1U",         "1N",  "1x",
        "1.5S", "0x1S", "1SS", "S1",       "n",          "1\xc2\xb5",  "१S"}) {
    INFO(text);
    CHECK(!parse_timeout(text));
  }
  CHECK(!parse_timeout(std::string_view{"1\0S", 3}));
  CHECK(!parse_timeout(std::string_view{"1\0", 2}));
}

TEST_CASE("a timeout is written in the finest unit that eight digits hold") {
  CHECK(format_timeout(1ns) == "1n");
  CHECK(format_timeout(99'999'999ns) == "99999999n");
  CHECK(format_timeout(1s) == "1000000u");
  CHECK(format_timeout(99s) == "99000000u");
  CHECK(format_timeout(24h) == "86400000m");
  CHECK(format_timeout(48h) == "172800S");
  CHECK(format_timeout(200'000h) == "12000000M");
}

TEST_CASE("a timeout above eight digits is rounded up to the next unit") {
  CHECK(format_timeout(100'000'000ns) == "100000u");
  CHECK(format_timeout(100'000'001ns) == "100001u");
  CHECK(format_timeout(99'999'999us + 1ns) == "100000m");
  CHECK(format_timeout(99'999'999ms + 1ns) == "100000S");
  CHECK(format_timeout(99'999'999s + 1ns) == "1666667M");
  CHECK(format_timeout(99'999'999min + 1ns) == "1666667H");
}

TEST_CASE("a timeout that has passed is written as the least one, never zero") {
  CHECK(format_timeout(0ns) == "1n");
  CHECK(format_timeout(-1ns) == "1n");
  CHECK(format_timeout(duration::min()) == "1n");
}

TEST_CASE("the longest timeout fits") { CHECK(format_timeout(duration::max()) == "2562048H"); }

TEST_CASE("a written timeout reads back as no less, and by at most one unit more") {
  std::mt19937_64 random{7};
  for (int i = 0; i < 20'000; ++i) {
    auto const original = duration{static_cast<duration::rep>(random() >> (1 + random() % 62))};
    char text[16];
    std::size_t const size = format_timeout(original, text);
    REQUIRE(size <= 9);
    auto const back = parse_timeout({text, size});
    REQUIRE(back);
    if (original <= 0ns) {
      REQUIRE(*back == 1ns);
      continue;
    }
    REQUIRE(*back >= original);
    // Eight digits: once rounded, at least five digits' worth of precision is left (60 at the widest step).
    REQUIRE((*back == duration::max() || *back - original <= original / 1'000'000 * 61));
  }
}
