// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/sleep.hpp>
#include <sluice/coro/when_all.hpp>
#include <sluice/testing/manual_clock.hpp>

#include "unit/coro/support.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <vector>

using namespace std::chrono_literals;
using sluice::code;
using sluice::sleep_for;
using sluice::sleep_until;
using sluice::task;
using sluice::test::background;
using sluice::test::poll;
using sluice::testing::manual_clock;

namespace {

task<> sleeps(sluice::duration time, std::vector<int>& order, int number) {
  co_await sleep_for(time);
  order.push_back(number);
}

}  // namespace

TEST_CASE("sleepers wake at their times, in order", "[sleep]") {
  boost::asio::io_context io;
  manual_clock clock{io.get_executor()};
  std::vector<int> order;
  background const late{io, sleeps(30ms, order, 3)};
  background const early{io, sleeps(10ms, order, 1)};
  background const middle{io, sleeps(20ms, order, 2)};
  clock.advance(9ms);
  CHECK(order.empty());
  clock.advance(1ms);
  CHECK(order == std::vector{1});
  clock.advance(1h);
  CHECK(order == std::vector{1, 2, 3});
}

TEST_CASE("sleep_until waits for a point in time; one that has passed ends within a tick", "[sleep]") {
  boost::asio::io_context io;
  manual_clock clock{io.get_executor()};
  auto body = [](sluice::time_point at) -> task<> { co_await sleep_until(at); };
  background const future{io, body(clock.now() + 5s)};
  background const past{io, body(clock.now() - 5s)};
  background const negative{io, [](std::vector<int>) -> task<> { co_await sleep_for(-5s); }({})};
  clock.advance(1ms);
  poll(io);
  CHECK(past.done());
  CHECK(negative.done());
  CHECK_FALSE(future.done());
  clock.advance(5s);
  poll(io);
  CHECK(future.done());
}

TEST_CASE("a sleep without end can be stopped", "[sleep]") {
  boost::asio::io_context io;
  manual_clock clock{io.get_executor()};
  sluice::stop_source* stop = nullptr;
  auto body = [](sluice::stop_source*& out) -> task<> {
    out = &(co_await sluice::coro::get_context{}).stop();
    co_await sleep_for(sluice::duration::max());
  };
  background const one{io, body(stop)};
  clock.advance(1000h);
  CHECK_FALSE(one.done());
  stop->request_stop(sluice::stop_reason::shutdown);
  poll(io);
  CHECK(one.failed_with() == code::unavailable);
  CHECK(sluice::coro::scheduler_of(io.get_executor())->timers().empty());
}

TEST_CASE("a sleeper that is destroyed leaves the wheel", "[sleep]") {
  boost::asio::io_context io;
  manual_clock clock{io.get_executor()};
  auto const where = sluice::coro::scheduler_of(io.get_executor());
  auto body = []() -> task<> { co_await sleep_for(1h); };
  CHECK(sluice::test::code_of([&] { sluice::run(io, body()); }) == code::failed_precondition);
  CHECK(where->timers().empty());
}

TEST_CASE("a sleep on the real clock ends, and not early", "[sleep]") {
  boost::asio::io_context io;
  auto const start = std::chrono::steady_clock::now();
  auto body = []() -> task<> { co_await sleep_for(5ms); };
  sluice::run(io, body());
  CHECK(std::chrono::steady_clock::now() - start >= 5ms);
}

TEST_CASE("sleeps on the real clock go on beside each other", "[sleep]") {
  boost::asio::io_context io;
  std::vector<int> order;
  auto body = [](std::vector<int>& into) -> task<> {
    co_await sluice::when_all(sleeps(9ms, into, 3), sleeps(1ms, into, 1), sleeps(5ms, into, 2));
  };
  sluice::run(io, body(order));
  CHECK(order == std::vector{1, 2, 3});
}

TEST_CASE("a cancelled long sleep does not keep the io_context running", "[sleep]") {
  boost::asio::io_context io;
  auto body = []() -> task<> {
    auto fails = []() -> task<> {
      co_await sleep_for(1ms);
      throw sluice::status_error{code::aborted, "x"};
    };
    co_await sluice::when_all(sleep_for(1h), fails());
  };
  auto const start = std::chrono::steady_clock::now();
  code ended = code::ok;
  sluice::spawn(io, body(), [&](std::exception_ptr error) { ended = sluice::test::code_of_error(error); });
  io.run();  // returns: the timer of an hour is let go
  CHECK(ended == code::aborted);
  CHECK(std::chrono::steady_clock::now() - start < 10s);
}

TEST_CASE("yield_turn lets the others run first", "[sleep]") {
  boost::asio::io_context io;
  std::vector<int> order;
  auto gives_way = [](std::vector<int>& into, int number) -> task<> {
    into.push_back(number);
    co_await sluice::yield_turn{};
    into.push_back(number + 10);
  };
  auto body = [](task<> one, task<> two) -> task<> {
    co_await sluice::when_all(std::move(one), std::move(two));
  };
  sluice::run(io, body(gives_way(order, 1), gives_way(order, 2)));
  CHECK(order == std::vector{1, 2, 11, 12});
}
