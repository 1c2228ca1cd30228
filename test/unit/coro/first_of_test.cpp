// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/event.hpp>
#include <sluice/coro/first_of.hpp>
#include <sluice/coro/sleep.hpp>
#include <sluice/testing/manual_clock.hpp>

#include "unit/coro/support.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <variant>

using namespace std::chrono_literals;
using sluice::code;
using sluice::event;
using sluice::first_of;
using sluice::task;
using sluice::test::background;
using sluice::test::balance;
using sluice::test::code_of;
using sluice::test::move_only;
using sluice::test::poll;
using sluice::test::tracked;

namespace {

task<int> value_of(int value, int turns) {
  for (int i = 0; i != turns; ++i) co_await sluice::yield_turn{};
  co_return value;
}
task<int> fails(code why, int turns) {
  for (int i = 0; i != turns; ++i) co_await sluice::yield_turn{};
  co_return sluice::status{why, "failed"};
}
task<int> waits(event& what, balance& count) {
  tracked const local{count};
  co_await what.wait();
  co_return 0;
}

}  // namespace

TEST_CASE("the first that succeeds wins; the others have ended", "[first_of]") {
  boost::asio::io_context io;
  event never;
  balance count;
  auto body = [](event& what, balance& of) -> task<int> {
    int const first = co_await first_of(waits(what, of), value_of(2, 3), value_of(3, 1), waits(what, of));
    CHECK(of.made == 2);
    CHECK(of.live == 0);
    co_return first;
  };
  CHECK(sluice::run(io, body(never, count)) == 3);
}

TEST_CASE("one that succeeds at once wins", "[first_of]") {
  boost::asio::io_context io;
  auto body = []() -> task<int> { co_return co_await first_of(value_of(1, 0), value_of(2, 0)); };
  CHECK(sluice::run(io, body()) == 1);
}

TEST_CASE("a failure waits for the others; if all fail, the first failure counts", "[first_of]") {
  boost::asio::io_context io;
  auto one_wins = []() -> task<int> { co_return co_await first_of(fails(code::aborted, 0), value_of(5, 4)); };
  CHECK(sluice::run(io, one_wins()) == 5);
  auto none = []() -> task<int> {
    co_return co_await first_of(fails(code::aborted, 2), fails(code::data_loss, 1), fails(code::internal, 3));
  };
  CHECK(code_of([&] { sluice::run(io, none()); }) == code::data_loss);
}

TEST_CASE("results of different types come as a variant", "[first_of]") {
  boost::asio::io_context io;
  balance count;
  auto body = [](balance& of) -> task<> {
    auto text = []() -> task<std::string> { co_return "text"; };
    auto const one = co_await first_of(value_of(1, 2), text());
    CHECK(one.index() == 1);
    CHECK(std::get<1>(one) == "text");
    auto owner = [](balance& into) -> task<move_only> { co_return move_only{into, 6}; };
    auto const two = co_await first_of(owner(of), value_of(1, 1), sluice::sleep_for(1h));
    CHECK(two.index() == 0);
    CHECK(std::get<0>(two).value() == 6);
  };
  sluice::run(io, body(count));
  CHECK(count.live == 0);
}

TEST_CASE("a race against a sleep is a timeout", "[first_of]") {
  boost::asio::io_context io;
  sluice::testing::manual_clock clock{io.get_executor()};
  event never;
  balance count;
  bool timed_out = false;
  auto body = [](event& what, balance& of, bool& out) -> task<> {
    auto const result = co_await first_of(waits(what, of), sluice::sleep_for(200ms));
    out = result.index() == 1;
  };
  background const one{io, body(never, count, timed_out)};
  clock.advance(199ms);
  CHECK(count.live == 1);
  clock.advance(1ms);
  poll(io);
  CHECK(one.done());
  CHECK(timed_out);
  CHECK(count.live == 0);
}

TEST_CASE("the awaiter's stop reaches every racer", "[first_of]") {
  boost::asio::io_context io;
  event never;
  balance count;
  sluice::stop_source* stop = nullptr;
  auto body = [](event& what, balance& of, sluice::stop_source*& out) -> task<> {
    out = &(co_await sluice::coro::get_context{}).stop();
    co_await first_of(waits(what, of), waits(what, of));
  };
  background const one{io, body(never, count, stop)};
  stop->request_stop(sluice::stop_reason::client_cancelled);
  poll(io);
  CHECK(one.failed_with() == code::cancelled);
  CHECK(count.live == 0);
}
