// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/timer_wheel.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <vector>

using namespace std::chrono_literals;
using sluice::duration;
using sluice::time_point;
using sluice::coro::timer;
using sluice::coro::timer_wheel;

namespace {

time_point const start{1000h};

struct test_timer final : timer {
  void expired() noexcept override {
    ++fired;
    CHECK_FALSE(linked());
    if (then) then();
  }
  int fired = 0;
  std::function<void()> then;
};

}  // namespace

TEST_CASE("a timer fires at its tick and not before", "[timer_wheel]") {
  for (duration const at :
       {duration{1ms}, duration{63ms}, duration{64ms}, duration{65ms}, duration{4095ms}, duration{4096ms},
        duration{262'143ms}, duration{262'144ms}, duration{262'145ms}, duration{4h}}) {
    CAPTURE(at.count());
    timer_wheel wheel{start};
    test_timer one;
    wheel.add(one, start + at);
    wheel.advance(start + at - 1ns);
    CHECK(one.fired == 0);
    wheel.advance(start + at);
    CHECK(one.fired == 1);
    CHECK(wheel.empty());
    wheel.advance(start + 2 * at);
    CHECK(one.fired == 1);
  }
}

TEST_CASE("a time between two ticks is rounded up", "[timer_wheel]") {
  timer_wheel wheel{start};
  test_timer one;
  wheel.add(one, start + 1500us);
  wheel.advance(start + 1999us);
  CHECK(one.fired == 0);
  wheel.advance(start + 2ms);
  CHECK(one.fired == 1);
}

TEST_CASE("a time that has passed fires in the next tick", "[timer_wheel]") {
  timer_wheel wheel{start};
  test_timer one;
  wheel.advance(start + 10ms);
  wheel.add(one, start);
  wheel.advance(start + 10ms + 999us);
  CHECK(one.fired == 0);
  wheel.advance(start + 11ms);
  CHECK(one.fired == 1);
}

TEST_CASE("a timer that is near fires in time across the end of the top level's round", "[timer_wheel]") {
  constexpr auto round = std::chrono::milliseconds{1 << 24};
  for (auto const before : {1ms, 5ms, 100ms, 70'000ms})
    for (auto const wait : {1ms, 5ms, 200ms, 10'000ms, 300'000ms}) {
      CAPTURE(before.count(), wait.count());
      timer_wheel wheel{start};
      test_timer one;
      wheel.advance(start + round - before);
      time_point const at = start + round - before + wait;
      wheel.add(one, at);
      wheel.advance(at - 1ns);
      CHECK(one.fired == 0);
      wheel.advance(at);
      CHECK(one.fired == 1);
    }
}

TEST_CASE("a timer beyond the wheel waits for its time", "[timer_wheel]") {
  for (auto const at : {5h, 10h, 24h}) {
    timer_wheel wheel{start};
    test_timer one;
    wheel.add(one, start + at);
    for (time_point now = start; now < start + at; now += 17min) {
      wheel.advance(now);
      REQUIRE(one.fired == 0);
    }
    wheel.advance(start + at - 1ns);
    CHECK(one.fired == 0);
    wheel.advance(start + at);
    CHECK(one.fired == 1);
  }
}

TEST_CASE("the end of time can be waited for", "[timer_wheel]") {
  timer_wheel wheel{start};
  test_timer never;
  wheel.add(never, time_point::max());
  wheel.advance(start + 100h);
  CHECK(never.fired == 0);
  CHECK(wheel.size() == 1);
  wheel.restart(start + 200h);
  wheel.advance(start + 210h);
  CHECK(never.fired == 0);
  wheel.cancel(never);
  CHECK(wheel.empty());
}

TEST_CASE("a cancelled timer does not fire; cancelling twice is nothing", "[timer_wheel]") {
  timer_wheel wheel{start};
  test_timer one, two;
  wheel.add(one, start + 5ms);
  wheel.add(two, start + 5ms);
  wheel.cancel(one);
  wheel.cancel(one);
  CHECK(wheel.size() == 1);
  wheel.advance(start + 5ms);
  CHECK(one.fired == 0);
  CHECK(two.fired == 1);
}

TEST_CASE("a timer that dies is not counted any more", "[timer_wheel]") {
  timer_wheel wheel{start};
  {
    test_timer one;
    wheel.add(one, start + 5ms);
    CHECK(wheel.size() == 1);
  }
  CHECK(wheel.empty());
  CHECK_FALSE(wheel.next_expiry());
}

TEST_CASE("a timer outlives its wheel", "[timer_wheel]") {
  test_timer one;
  {
    timer_wheel wheel{start};
    wheel.add(one, start + 5ms);
  }
  CHECK_FALSE(one.linked());
}

TEST_CASE("adding a timer again moves it", "[timer_wheel]") {
  timer_wheel wheel{start};
  test_timer one;
  wheel.add(one, start + 5ms);
  wheel.add(one, start + 100ms);
  CHECK(wheel.size() == 1);
  wheel.advance(start + 99ms);
  CHECK(one.fired == 0);
  wheel.advance(start + 100ms);
  CHECK(one.fired == 1);
}

TEST_CASE("expired may cancel another timer of the same tick", "[timer_wheel]") {
  timer_wheel wheel{start};
  test_timer one, two, three;
  for (auto* each : {&one, &two, &three}) wheel.add(*each, start + 5ms);
  one.then = [&] { wheel.cancel(two); };
  wheel.advance(start + 6ms);
  CHECK(one.fired == 1);
  CHECK(two.fired == 0);
  CHECK(three.fired == 1);
  CHECK(wheel.empty());
}

TEST_CASE("expired may destroy another timer of the same tick", "[timer_wheel]") {
  timer_wheel wheel{start};
  test_timer one;
  auto two = std::make_unique<test_timer>();
  wheel.add(one, start + 5ms);
  wheel.add(*two, start + 5ms);
  one.then = [&] { two.reset(); };
  wheel.advance(start + 6ms);
  CHECK(one.fired == 1);
  CHECK(wheel.empty());
}

TEST_CASE("expired may add itself: once a tick, not for ever", "[timer_wheel]") {
  timer_wheel wheel{start};
  test_timer again;
  again.then = [&] { wheel.add(again, start); };
  wheel.add(again, start);
  wheel.advance(start + 10ms);
  CHECK(again.fired == 10);
  CHECK(wheel.size() == 1);
  wheel.cancel(again);
}

TEST_CASE("next_expiry is exact near by, never late, and nothing when empty", "[timer_wheel]") {
  timer_wheel wheel{start};
  CHECK_FALSE(wheel.next_expiry());
  test_timer far, near;
  wheel.add(far, start + 100s);
  REQUIRE(wheel.next_expiry());
  CHECK(*wheel.next_expiry() <= start + 100s);
  CHECK(*wheel.next_expiry() > start);
  wheel.add(near, start + 3ms);
  CHECK(*wheel.next_expiry() == start + 3ms);
  wheel.cancel(near);
  CHECK(*wheel.next_expiry() > start + 3ms);
  wheel.cancel(far);
  CHECK_FALSE(wheel.next_expiry());
}

TEST_CASE("following next_expiry reaches every timer on its tick with few steps", "[timer_wheel]") {
  timer_wheel wheel{start};
  std::vector<std::unique_ptr<test_timer>> all;
  for (auto const at : {1ms, 70ms, 5000ms, 300'000ms, 20'000'000ms, 90'000'000ms}) {
    all.push_back(std::make_unique<test_timer>());
    wheel.add(*all.back(), start + at);
  }
  int steps = 0;
  while (auto const next = wheel.next_expiry()) {
    wheel.advance(*next);
    REQUIRE(++steps < 60);
  }
  for (auto const& each : all) CHECK(each->fired == 1);
}

TEST_CASE("restart keeps the points in time, whichever way the clock went", "[timer_wheel]") {
  timer_wheel wheel{start};
  test_timer soon, later;
  wheel.add(soon, start + 10ms);
  wheel.add(later, start + 10h);
  wheel.advance(start + 5ms);

  wheel.restart(start - 1h);  // back
  CHECK(wheel.size() == 2);
  wheel.advance(start + 9ms);
  CHECK(soon.fired == 0);
  wheel.advance(start + 10ms);
  CHECK(soon.fired == 1);

  wheel.restart(start + 11h);  // forth: it is due
  CHECK(later.fired == 0);
  wheel.advance(start + 11h + 1ms);
  CHECK(later.fired == 1);
}

TEST_CASE("the wheel does what a sorted map does", "[timer_wheel]") {
  // Random additions, moves, cancellations and steps against std::multimap. A tick is 1 ms, and a time is rounded up.
  for (unsigned seed = 0; seed != 12; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    timer_wheel wheel{start};
    time_point now = start;
    std::multimap<std::uint64_t, int> model;  // tick -> index

    struct indexed final : timer {
      void expired() noexcept override { fired->push_back(index); }
      std::vector<int>* fired = nullptr;
      int index = 0;
    };
    std::vector<int> fired;
    std::vector<indexed> timers(200);
    std::map<int, std::multimap<std::uint64_t, int>::iterator> where;
    for (std::size_t i = 0; i != timers.size(); ++i) {
      timers[i].fired = &fired;
      timers[i].index = static_cast<int>(i);
    }
    auto const tick_of = [](time_point at, bool up) {
      auto const since = at - start;
      auto const whole = static_cast<std::uint64_t>(since / 1ms);
      return up && since % 1ms != duration::zero() ? whole + 1 : whole;
    };
    // The seed decides the scale, so that every level and the time beyond the wheel are met.
    std::uint64_t const scale = std::uint64_t{1} << (6 + 3 * (seed % 8));
    std::uint64_t hand = 0;
    for (int step = 0; step != 2000; ++step) {
      int const index = static_cast<int>(random() % timers.size());
      auto& node = timers[static_cast<std::size_t>(index)];
      switch (random() % 4) {
        case 0:
        case 1: {
          time_point const at = now + std::chrono::microseconds{random() % (scale * 1000)};
          wheel.add(node, at);
          if (auto const old = where.find(index); old != where.end()) model.erase(old->second);
          where[index] = model.emplace(std::max(tick_of(at, true), hand + 1), index);
          break;
        }
        case 2: {
          wheel.cancel(node);
          if (auto const old = where.find(index); old != where.end()) {
            model.erase(old->second);
            where.erase(old);
          }
          break;
        }
        default: {
          now += std::chrono::microseconds{random() % (scale * 50)};
          hand = tick_of(now, false);
          fired.clear();
          wheel.advance(now);
          std::vector<std::uint64_t> ticks_in_order;
          for (int each : fired) {
            REQUIRE(where.contains(each));
            REQUIRE(where[each]->first <= hand);
            ticks_in_order.push_back(where[each]->first);
            model.erase(where[each]);
            where.erase(each);
          }
          REQUIRE(std::is_sorted(ticks_in_order.begin(), ticks_in_order.end()));
          REQUIRE((model.empty() || model.begin()->first > hand));
        }
      }
      REQUIRE(wheel.size() == model.size());
      auto const next = wheel.next_expiry();
      REQUIRE(next.has_value() == !model.empty());
      if (next) {
        REQUIRE(*next <= start + std::chrono::milliseconds{model.begin()->first});
        REQUIRE(*next > start + std::chrono::milliseconds{hand});
      }
    }
  }
}
