// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/deadline.hpp>

#include "support/catch.hpp"

#include <chrono>

using namespace sluice;
using namespace std::chrono_literals;

namespace {
constexpr time_point now{1h};
}  // namespace

TEST_CASE("a default deadline never passes") {
  deadline const never;
  CHECK(never.is_never());
  CHECK(never == deadline::never());
  CHECK(!never.passed(time_point::max()));
  CHECK(never.remaining(now) == duration::max());
}

TEST_CASE("a deadline passes at its point in time") {
  auto const d = deadline::after(now, 5s);
  CHECK(!d.is_never());
  CHECK(d.at() == now + 5s);
  CHECK(!d.passed(now + 5s - 1ns));
  CHECK(d.passed(now + 5s));
  CHECK(d.passed(now + 6s));
}

TEST_CASE("what remains of a deadline shrinks to zero and no further") {
  auto const d = deadline::after(now, 5s);
  CHECK(d.remaining(now) == 5s);
  CHECK(d.remaining(now + 4s) == 1s);
  CHECK(d.remaining(now + 5s) == 0s);
  CHECK(d.remaining(now + 500s) == 0s);
}

TEST_CASE("a timeout of zero or less has passed already") {
  for (duration const timeout : {duration{0}, duration{-1}, duration{-5s}, duration::min()}) {
    auto const d = deadline::after(now, timeout);
    CHECK(d.passed(now));
    CHECK(d.remaining(now) == 0s);
  }
}

TEST_CASE("a timeout beyond the clock is never") {
  CHECK(deadline::after(now, duration::max()).is_never());
  CHECK(deadline::after(time_point{}, duration::max()).is_never());
  CHECK(deadline::after(time_point::max() - 1ns, 1s).is_never());
  CHECK(!deadline::after(now, duration::max() - 2h).is_never());
}

TEST_CASE("of two deadlines the earlier is the stricter, and never is stricter than none") {
  auto const soon = deadline::after(now, 1s);
  auto const late = deadline::after(now, 2s);
  CHECK(stricter(soon, late) == soon);
  CHECK(stricter(late, soon) == soon);
  CHECK(stricter(deadline::never(), late) == late);
  CHECK(stricter(late, deadline::never()) == late);
  CHECK(stricter(deadline::never(), deadline::never()).is_never());
  CHECK(soon < late);
  CHECK(late < deadline::never());
}
