// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/event.hpp>
#include <sluice/coro/sleep.hpp>
#include <sluice/coro/when_all.hpp>

#include "unit/coro/support.hpp"

#include "support/catch.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

using sluice::code;
using sluice::event;
using sluice::task;
using sluice::when_all;
using sluice::test::background;
using sluice::test::balance;
using sluice::test::code_of;
using sluice::test::move_only;
using sluice::test::poll;
using sluice::test::tracked;

namespace {

task<int> value_of(int value, int turns = 0) {
  for (int i = 0; i != turns; ++i) co_await sluice::yield_turn{};
  co_return value;
}
task<> waits(event& what, balance& count) {
  tracked const local{count};
  co_await what.wait();
}
task<int> fails(code why, int turns) {
  for (int i = 0; i != turns; ++i) co_await sluice::yield_turn{};
  co_return sluice::status{why, "failed"};
}
// Ends late after a stop: its cleaning up takes a few turns.
task<> stubborn(event& what, bool& cleaned) {
  auto const stopped = co_await sluice::as_result(what.wait());
  CHECK_FALSE(stopped.has_value());
  sluice::event done;
  done.set();
  for (int i = 0; i != 3; ++i) co_await done.wait();
  cleaned = true;
}

}  // namespace

TEST_CASE("when_all gives a tuple of all values", "[when_all]") {
  boost::asio::io_context io;
  auto body = []() -> task<> {
    auto [a, b] = co_await when_all(value_of(1), value_of(2, 3));
    CHECK(a == 1);
    CHECK(b == 2);
    auto text = []() -> task<std::string> { co_return "text"; };
    auto nothing = []() -> task<> { co_return; };
    auto [c, d, e] = co_await when_all(text(), nothing(), value_of(5, 1));
    CHECK(c == "text");
    static_assert(std::is_same_v<decltype(d), sluice::coro::unit>);
    CHECK(e == 5);
    auto [only] = co_await when_all(value_of(9));
    CHECK(only == 9);
  };
  sluice::run(io, body());
}

TEST_CASE("when_all takes a vector", "[when_all]") {
  boost::asio::io_context io;
  auto body = []() -> task<> {
    std::vector<task<int>> tasks;
    for (int i = 0; i != 50; ++i) tasks.push_back(value_of(i, i % 4));
    auto const values = co_await when_all(std::move(tasks));
    REQUIRE(values.size() == 50);
    for (int i = 0; i != 50; ++i) CHECK(values[static_cast<std::size_t>(i)] == i);
    auto const none = co_await when_all(std::vector<task<int>>{});
    CHECK(none.empty());
  };
  sluice::run(io, body());
}

TEST_CASE("when_all moves move-only values and copies references", "[when_all]") {
  boost::asio::io_context io;
  balance count;
  auto body = [](balance& of) -> task<> {
    auto make = [](balance& into, int value) -> task<move_only> { co_return move_only{into, value}; };
    auto [a, b] = co_await when_all(make(of, 1), make(of, 2));
    CHECK(a.value() + b.value() == 3);
    int target = 4;
    auto reference = [](int& to) -> task<int&> { co_return to; };
    auto [c] = co_await when_all(reference(target));
    CHECK(c == 4);
  };
  sluice::run(io, body(count));
  CHECK(count.live == 0);
  CHECK(count.copied == 0);
}

TEST_CASE("one failure stops the others, which have ended before when_all fails", "[when_all]") {
  boost::asio::io_context io;
  event never;
  balance count;
  bool cleaned = false;
  auto body = [](event& what, balance& of, bool& clean) -> task<> {
    auto const failed = co_await sluice::as_result(
        when_all(waits(what, of), fails(code::not_found, 2), stubborn(what, clean)));
    CHECK(failed.status().code() == code::not_found);
    CHECK(clean);
    CHECK(of.live == 0);
    CHECK(of.made == 1);
    sluice::stop_token const mine = co_await sluice::this_stop;
    CHECK_FALSE(mine.stop_requested());  // the group's stop is not the parent's
  };
  sluice::run(io, body(never, count, cleaned));
}

TEST_CASE("the first failure wins; those that the stop caused do not count", "[when_all]") {
  boost::asio::io_context io;
  event never;
  balance count;
  auto body = [](event& what, balance& of) -> task<> {
    co_await when_all(waits(what, of), fails(code::aborted, 3), fails(code::data_loss, 1),
                      fails(code::internal, 2));
  };
  CHECK(code_of([&] { sluice::run(io, body(never, count)); }) == code::data_loss);
  CHECK(count.live == 0);
}

TEST_CASE("a failure in a vector stops the others", "[when_all]") {
  boost::asio::io_context io;
  event never;
  balance count;
  auto body = [](event& what, balance& of) -> task<> {
    std::vector<task<>> tasks;
    for (int i = 0; i != 10; ++i) tasks.push_back(waits(what, of));
    auto throws = []() -> task<> {
      co_await sluice::yield_turn{};
      throw std::runtime_error{"x"};
    };
    tasks.push_back(throws());
    co_await when_all(std::move(tasks));
  };
  CHECK_THROWS_AS(sluice::run(io, body(never, count)), std::runtime_error);
  CHECK(count.made == 10);
  CHECK(count.live == 0);
}

TEST_CASE("the awaiter's stop reaches every child", "[when_all]") {
  boost::asio::io_context io;
  event never;
  balance count;
  sluice::stop_source* stop = nullptr;
  auto body = [](event& what, balance& of, sluice::stop_source*& out) -> task<> {
    out = &(co_await sluice::coro::get_context{}).stop();
    co_await when_all(waits(what, of), waits(what, of));
  };
  background const one{io, body(never, count, stop)};
  CHECK(count.live == 2);
  stop->request_stop(sluice::stop_reason::deadline);
  poll(io);
  CHECK(one.failed_with() == code::deadline_exceeded);
  CHECK(count.live == 0);
}

TEST_CASE("groups nest", "[when_all]") {
  boost::asio::io_context io;
  auto sum = []() -> task<int> {
    auto [a, b] = co_await when_all(value_of(1, 1), value_of(2));
    co_return a + b;
  };
  auto body = [](auto inner) -> task<int> {
    auto [a, b, c] = co_await when_all(inner(), inner(), value_of(4, 5));
    co_return a + b + c;
  };
  CHECK(sluice::run(io, body(sum)) == 10);
}

TEST_CASE("a loop of groups does not grow the stack", "[when_all]") {
  boost::asio::io_context io;
  auto body = []() -> task<long> {
    long total = 0;
    for (int i = 0; i != 20'000; ++i) {
      auto [a, b] = co_await when_all(value_of(1), value_of(1, i % 2));
      total += a + b;
    }
    co_return total;
  };
  CHECK(sluice::run(io, body()) == 40'000);
}
