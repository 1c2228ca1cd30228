// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/asio.hpp>
#include <sluice/coro/sleep.hpp>
#include <sluice/testing/manual_clock.hpp>

#include "support/catch.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>

using namespace std::chrono_literals;
using sluice::task;
using sluice::testing::manual_clock;

namespace {

task<> sleeps(sluice::duration time, int& woken) {
  co_await sluice::sleep_for(time);
  ++woken;
}
task<> ticks(sluice::duration time, int& count) {
  for (;;) {
    co_await sluice::sleep_for(time);
    ++count;
  }
}
auto const ignore = [](std::exception_ptr) {};

}  // namespace

TEST_CASE("time stands still until it is moved", "[manual_clock]") {
  boost::asio::io_context io;
  manual_clock clock{io.get_executor()};
  auto const where = sluice::coro::scheduler_of(io.get_executor());
  auto const start = clock.now();
  CHECK(where->now() == start);
  clock.advance(90min);
  CHECK(clock.now() == start + 90min);
  CHECK(where->now() == clock.now());
}

TEST_CASE("a sleep ends exactly when its time has come", "[manual_clock]") {
  boost::asio::io_context io;
  manual_clock clock{io.get_executor()};
  for (auto const time : {1ms, 7ms, 64ms, 1000ms, 5'000'000ms, 40'000'000ms}) {
    int woken = 0;
    sluice::spawn(io, sleeps(time, woken), ignore);
    io.restart();
    io.poll();
    clock.advance(time - 1ns);
    CHECK(woken == 0);
    clock.advance(1ns);
    CHECK(woken == 1);
    clock.advance(137us);  // the next round starts between two ticks
    clock.advance(1ms - 137us);
  }
}

TEST_CASE("a loop that sleeps runs once for each of its times", "[manual_clock]") {
  boost::asio::io_context io;
  manual_clock clock{io.get_executor()};
  int count = 0;
  sluice::spawn(io, ticks(1s, count), ignore);
  io.poll();
  clock.advance(1h);
  CHECK(count == 3600);
}

TEST_CASE("a task may move the clock that it runs on", "[manual_clock]") {
  boost::asio::io_context io;
  manual_clock clock{io.get_executor()};
  int woken = 0;
  sluice::spawn(io, sleeps(10s, woken), ignore);
  auto body = [](manual_clock& time, int& seen) -> task<int> {
    time.advance(10s);
    int const inside = seen;
    co_await sluice::yield_turn{};
    co_return inside * 10 + seen;
  };
  io.poll();
  CHECK(sluice::run(io, body(clock, woken)) == 1);  // resumed in the turn, after the mover
}

TEST_CASE("when the clock goes, the real one is back, and later sleeps are on time", "[manual_clock]") {
  boost::asio::io_context io;
  int woken = 0;
  {
    manual_clock clock{io.get_executor()};
    clock.advance(100h);
  }
  auto const start = std::chrono::steady_clock::now();
  sluice::run(io, sleeps(2ms, woken));
  auto const took = std::chrono::steady_clock::now() - start;
  CHECK(woken == 1);
  CHECK(took >= 2ms);
  CHECK(took < 30s);
}

TEST_CASE("a sleep on a manual clock is no work for run", "[manual_clock]") {
  boost::asio::io_context io;
  manual_clock clock{io.get_executor()};
  int woken = 0;
  CHECK_THROWS_AS(sluice::run(io, sleeps(1h, woken)), sluice::status_error);
  CHECK(woken == 0);
}
