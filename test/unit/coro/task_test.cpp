// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/sleep.hpp>
#include <sluice/coro/task.hpp>

#include "unit/coro/support.hpp"

#include "support/catch.hpp"

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

using sluice::code;
using sluice::result;
using sluice::status;
using sluice::status_error;
using sluice::task;
using sluice::test::balance;
using sluice::test::code_of;
using sluice::test::move_only;
using sluice::test::tracked;

namespace {

task<int> value_of(int value) { co_return value; }
task<> nothing(int& ran) {
  ++ran;
  co_return;
}
task<std::string> converted() { co_return "from a literal"; }
task<int&> reference_to(int& target) { co_return target; }
task<int const&> const_reference_to(int const& target) { co_return target; }
task<move_only> moved(balance& of, int value) { co_return move_only{of, value}; }
task<int> fails_with(status why) { co_return why; }
task<int> throws_runtime_error() {
  throw std::runtime_error{"from the body"};
  co_return 0;
}
task<int> throws_status_error() {
  throw status_error{code::aborted, "thrown"};
  co_return 0;
}
task<> holds(balance& of, task<> inner) {
  tracked const local{of};
  co_await std::move(inner);
}

}  // namespace

TEST_CASE("a task completes with its value", "[task]") {
  boost::asio::io_context io;
  CHECK(sluice::run(io, value_of(7)) == 7);
  CHECK(sluice::run(io, converted()) == "from a literal");
}

TEST_CASE("a task is lazy: nothing runs before it is awaited", "[task]") {
  boost::asio::io_context io;
  int ran = 0;
  {
    auto never = nothing(ran);
    CHECK(never.valid());
  }
  CHECK(ran == 0);
  auto once = nothing(ran);
  CHECK(ran == 0);
  sluice::run(io, std::move(once));
  CHECK(ran == 1);
}

TEST_CASE("a task of a reference gives that very object", "[task]") {
  boost::asio::io_context io;
  int target = 1;
  int& seen = sluice::run(io, reference_to(target));
  CHECK(&seen == &target);
  CHECK(&sluice::run(io, const_reference_to(target)) == &target);
  auto through = [](int& of) -> task<bool> {
    int& inside = co_await reference_to(of);
    inside = 5;
    co_return &inside == &of;
  };
  CHECK(sluice::run(io, through(target)));
  CHECK(target == 5);
}

TEST_CASE("a task of a move-only type moves, and nothing is left over", "[task]") {
  boost::asio::io_context io;
  balance count;
  {
    auto const value = sluice::run(io, moved(count, 3));
    CHECK(value.value() == 3);
    CHECK(count.live == 1);
  }
  CHECK(count.live == 0);
  CHECK(count.copied == 0);
}

TEST_CASE("co_return status fails the task with it", "[task]") {
  boost::asio::io_context io;
  try {
    sluice::run(io, fails_with(status{code::not_found, "no feature here"}));
    FAIL("no error");
  } catch (status_error const& error) {
    CHECK(error.code() == code::not_found);
    CHECK(error.status().message() == "no feature here");
  }
  // Who owes a value cannot end well without one.
  CHECK(code_of([&] { sluice::run(io, fails_with(status{})); }) == code::internal);
}

TEST_CASE("exceptions of any type pass through awaiting tasks", "[task]") {
  boost::asio::io_context io;
  auto outer = [](task<int> inner) -> task<int> { co_return 1 + co_await std::move(inner); };
  CHECK_THROWS_AS(sluice::run(io, outer(throws_runtime_error())), std::runtime_error);
  CHECK(code_of([&] { sluice::run(io, outer(throws_status_error())); }) == code::aborted);
  auto catches = [](task<int> inner) -> task<std::string> {
    try {
      co_await std::move(inner);
    } catch (std::runtime_error const& error) { co_return error.what(); }
    co_return "nothing";
  };
  CHECK(sluice::run(io, catches(throws_runtime_error())) == "from the body");
}

TEST_CASE("as_result gives the value or the status, and rethrows other exceptions", "[task]") {
  boost::asio::io_context io;
  auto all = []() -> task<> {
    auto const good = co_await sluice::as_result(value_of(3));
    CHECK(good.has_value());
    CHECK(*good == 3);
    auto const said = co_await sluice::as_result(fails_with(status{code::not_found, "x"}));
    CHECK(said.status().code() == code::not_found);
    auto const thrown = co_await sluice::as_result(throws_status_error());
    CHECK(thrown.status() == status{code::aborted, "thrown"});
    int ran = 0;
    auto const done = co_await sluice::as_result(nothing(ran));
    CHECK(done.has_value());
    CHECK(ran == 1);
    int target = 0;
    auto const reference = co_await sluice::as_result(reference_to(target));
    CHECK(*reference == &target);
    static_cast<void>(co_await sluice::as_result(throws_runtime_error()));
    FAIL("not thrown");
  };
  CHECK_THROWS_AS(sluice::run(io, all()), std::runtime_error);
}

TEST_CASE("as_result works on what is no task", "[task]") {
  boost::asio::io_context io;
  auto body = []() -> task<> {
    auto const slept = co_await sluice::as_result(sluice::sleep_for(std::chrono::milliseconds{0}));
    CHECK(slept.has_value());
    auto const given_way = co_await sluice::as_result(sluice::yield_turn{});
    CHECK(given_way.has_value());
  };
  sluice::run(io, body());
}

TEST_CASE("an empty or moved-from task fails with FAILED_PRECONDITION", "[task]") {
  boost::asio::io_context io;
  auto body = []() -> task<> {
    task<int> empty;
    CHECK_FALSE(empty.valid());
    auto const of_empty = co_await sluice::as_result(std::move(empty));
    CHECK(of_empty.status().code() == code::failed_precondition);
    auto source = value_of(1);
    task<int> const target = std::move(source);
    CHECK(target.valid());
    co_await std::move(source);
  };
  CHECK(code_of([&] { sluice::run(io, body()); }) == code::failed_precondition);
}

TEST_CASE("tasks move and swap; a replaced one is destroyed unrun", "[task]") {
  boost::asio::io_context io;
  balance count;
  auto keeps = [](tracked held) -> task<int> { co_return held.value(); };
  auto one = keeps(tracked{count, 1});
  auto two = keeps(tracked{count, 2});
  CHECK(count.live == 2);
  one = std::move(two);
  CHECK(count.live == 1);
  CHECK(sluice::run(io, std::move(one)) == 2);
  CHECK(count.live == 0);
}

TEST_CASE("locals and parameters are destroyed once, on every way out", "[task]") {
  boost::asio::io_context io;
  balance count;
  auto fails = []() -> task<> {
    throw std::runtime_error{"x"};
    co_return;
  };
  int ran = 0;
  sluice::run(io, holds(count, holds(count, nothing(ran))));
  CHECK(count.made == 2);
  CHECK(count.live == 0);
  CHECK_THROWS_AS(sluice::run(io, holds(count, holds(count, fails()))), std::runtime_error);
  CHECK(count.live == 0);
}

TEST_CASE("a loop of a million awaited tasks does not grow the stack", "[task]") {
  boost::asio::io_context io;
  // A stack frame for each round would need far more than the stack's 8 MB.
  auto loop = [](int rounds) -> task<std::int64_t> {
    std::int64_t sum = 0;
    for (int i = 0; i != rounds; ++i) sum += co_await value_of(1);
    co_return sum;
  };
  int const rounds = sluice::test::no_tail_calls ? 2'000 : 1'000'000;
  CHECK(sluice::run(io, loop(rounds)) == rounds);
}

namespace {
task<int> nested(int depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await nested(depth - 1);
}
}  // namespace

TEST_CASE("tasks nest deeply without growing the stack", "[task]") {
  boost::asio::io_context io;
  int const depth = sluice::test::no_tail_calls ? 1'000 : 200'000;
  CHECK(sluice::run(io, nested(depth)) == depth);
}

TEST_CASE("a temporary with a destructor in an awaited expression is destroyed once", "[task]") {
  boost::asio::io_context io;
  balance count;
  auto takes = [](tracked value) -> task<int> { co_return value.value(); };
  auto body = [](auto inner, balance& of) -> task<int> { co_return co_await inner(tracked{of, 4}); };
  CHECK(sluice::run(io, body(takes, count)) == 4);
  CHECK(count.live == 0);
}
