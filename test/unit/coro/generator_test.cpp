// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/event.hpp>
#include <sluice/coro/generator.hpp>
#include <sluice/coro/sleep.hpp>
#include <sluice/coro/when_all.hpp>

#include "unit/coro/support.hpp"

#include "support/catch.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using sluice::code;
using sluice::generator;
using sluice::status;
using sluice::task;
using sluice::test::background;
using sluice::test::balance;
using sluice::test::code_of;
using sluice::test::move_only;
using sluice::test::tracked;

namespace {

generator<int> count_to(int last) {
  for (int i = 1; i <= last; ++i) co_yield i;
}
generator<int> with_turns(int last) {
  for (int i = 1; i <= last; ++i) {
    co_await sluice::yield_turn{};
    co_yield i;
  }
}
generator<int> fails_after(int last, status why) {
  for (int i = 1; i <= last; ++i) co_yield i;
  co_yield why;
  FAIL("the body is resumed after its status");
}
generator<int> throws_after(int last) {
  for (int i = 1; i <= last; ++i) co_yield i;
  throw std::runtime_error{"from the body"};
}

task<std::vector<int>> all_of(generator<int> from) {
  std::vector<int> values;
  while (auto* item = co_await from.next()) values.push_back(*item);
  co_return values;
}

}  // namespace

TEST_CASE("a generator gives its items in order, then null for ever", "[generator]") {
  boost::asio::io_context io;
  CHECK(sluice::run(io, all_of(count_to(3))) == std::vector{1, 2, 3});
  CHECK(sluice::run(io, all_of(count_to(0))).empty());
  CHECK(sluice::run(io, all_of(with_turns(3))) == std::vector{1, 2, 3});
  auto ended = []() -> task<> {
    auto one = count_to(1);
    auto const seen_1 = co_await one.next();
    CHECK(seen_1 != nullptr);
    auto const seen_2 = co_await one.next();
    CHECK(seen_2 == nullptr);
    auto const seen_3 = co_await one.next();
    CHECK(seen_3 == nullptr);
  };
  sluice::run(io, ended());
}

TEST_CASE("an empty or moved-from generator ends at once", "[generator]") {
  boost::asio::io_context io;
  auto body = []() -> task<> {
    generator<int> empty;
    CHECK_FALSE(empty.valid());
    auto const seen_4 = co_await empty.next();
    CHECK(seen_4 == nullptr);
    auto source = count_to(2);
    auto const seen_5 = co_await source.next();
    CHECK(*seen_5 == 1);
    auto target = std::move(source);
    auto const seen_6 = co_await source.next();
    CHECK(seen_6 == nullptr);
    auto const seen_7 = co_await target.next();
    CHECK(*seen_7 == 2);
    target = count_to(9);
    auto const seen_8 = co_await target.next();
    CHECK(*seen_8 == 1);
  };
  sluice::run(io, body());
}

TEST_CASE("a generator is lazy", "[generator]") {
  balance count;
  auto body = [](balance& of) -> generator<int> {
    tracked const local{of};
    co_yield 1;
  };
  {
    auto never = body(count);
    CHECK(never.valid());
  }
  CHECK(count.made == 0);
}

TEST_CASE("an rvalue or lvalue is handed out in place, a const one is copied into storage that is kept",
          "[generator]") {
  boost::asio::io_context io;
  balance count;
  auto body = [](balance& of) -> generator<tracked> {
    tracked mutable_one{of, 1};
    tracked const const_one{of, 2};
    tracked const const_two{of, 3};
    co_yield mutable_one;
    co_yield tracked{of, 4};
    co_yield std::move(mutable_one);
    co_yield const_one;
    co_yield const_two;
  };
  auto consumer = [](generator<tracked> from, balance& of) -> task<> {
    auto const seen_9 = co_await from.next();
    CHECK(seen_9->value() == 1);
    auto const seen_10 = co_await from.next();
    CHECK(seen_10->value() == 4);
    auto const seen_11 = co_await from.next();
    CHECK(seen_11->value() == 1);
    CHECK(of.copied == 0);
    auto* const first = co_await from.next();
    CHECK(first->value() == 2);
    CHECK(of.copied == 1);
    auto* const second = co_await from.next();
    CHECK(second == first);  // the storage is reused
    CHECK(second->value() == 3);
    auto const seen_12 = co_await from.next();
    CHECK(seen_12 == nullptr);
  };
  sluice::run(io, consumer(body(count), count));
  CHECK(count.live == 0);
}

TEST_CASE("a consumer may change and take the item that it was given", "[generator]") {
  boost::asio::io_context io;
  balance count;
  auto body = [](balance& of) -> generator<move_only> {
    for (int i = 0; i != 3; ++i) co_yield move_only{of, i};
    move_only named{of, 3};
    co_yield named;
    CHECK(named.value() == -1);  // the consumer took it
  };
  auto consumer = [](generator<move_only> from) -> task<int> {
    int sum = 0;
    while (auto* item = co_await from.next()) {
      move_only const taken = std::move(*item);
      sum += taken.value();
    }
    co_return sum;
  };
  CHECK(sluice::run(io, consumer(body(count))) == 6);
  CHECK(count.live == 0);
  CHECK(count.copied == 0);
}

TEST_CASE("co_yield converts", "[generator]") {
  boost::asio::io_context io;
  auto body = []() -> generator<std::string> {
    co_yield "a literal";
    co_yield std::string{"a string"};
  };
  auto consumer = [](generator<std::string> from) -> task<> {
    auto const seen_13 = co_await from.next();
    CHECK(*seen_13 == "a literal");
    auto const seen_14 = co_await from.next();
    CHECK(*seen_14 == "a string");
  };
  sluice::run(io, consumer(body()));
}

TEST_CASE("co_yield status ends the generator with it, once", "[generator]") {
  boost::asio::io_context io;
  auto consumer = []() -> task<> {
    auto from = fails_after(1, status{code::data_loss, "gone"});
    auto const seen_15 = co_await from.next();
    CHECK(*seen_15 == 1);
    auto const failed = co_await sluice::as_result(from.next());
    CHECK(failed.status() == status{code::data_loss, "gone"});
    auto const seen_16 = co_await from.next();
    CHECK(seen_16 == nullptr);
  };
  sluice::run(io, consumer());
  // An ok status is an orderly end.
  CHECK(sluice::run(io, all_of(fails_after(2, status{}))) == std::vector{1, 2});
}

TEST_CASE("what the body throws comes out of next, once", "[generator]") {
  boost::asio::io_context io;
  auto consumer = []() -> task<> {
    auto from = throws_after(1);
    auto const seen_17 = co_await from.next();
    CHECK(*seen_17 == 1);
    bool caught = false;
    try {
      co_await from.next();
    } catch (std::runtime_error const&) { caught = true; }
    CHECK(caught);
    auto const seen_18 = co_await from.next();
    CHECK(seen_18 == nullptr);
  };
  sluice::run(io, consumer());
}

TEST_CASE("destroying a generator destroys its body at the co_yield", "[generator]") {
  boost::asio::io_context io;
  balance count;
  auto body = [](balance& of) -> generator<tracked> {
    tracked const local{of};
    for (int i = 0;; ++i) co_yield tracked{of, i};
  };
  auto consumer = [](generator<tracked> from, balance& of) -> task<> {
    co_await from.next();
    co_await from.next();
    CHECK(of.live == 2);
  };
  sluice::run(io, consumer(body(count), count));
  CHECK(count.live == 0);
}

TEST_CASE("a second next while one waits fails, and the first one is not disturbed", "[generator]") {
  boost::asio::io_context io;
  sluice::event go;
  auto body = [](sluice::event& until) -> generator<int> {
    co_await until.wait();
    co_yield 1;
    co_yield 2;
  };
  auto from = body(go);
  auto read = [](generator<int>& of, int& into) -> task<> { into = *co_await of.next(); };
  int first = 0, second = 0;
  background const one{io, read(from, first)};
  background const two{io, read(from, second)};
  CHECK_FALSE(one.done());
  REQUIRE(two.done());
  CHECK(two.failed_with() == code::failed_precondition);
  go.set();
  sluice::test::poll(io);
  CHECK(one.done());
  CHECK(first == 1);
  background const three{io, read(from, second)};
  CHECK(second == 2);
}

TEST_CASE("the consumer's stop reaches what the body awaits", "[generator]") {
  boost::asio::io_context io;
  sluice::event never;
  auto body = [](sluice::event& what) -> generator<int> {
    co_yield 1;
    co_await what.wait();
    co_yield 2;
  };
  auto consumer = [](generator<int> from) -> task<> {
    while (auto const* item = co_await from.next()) CHECK(*item == 1);
  };
  auto fails = []() -> task<> {
    co_await sluice::yield_turn{};
    throw sluice::status_error{code::aborted, "sibling"};
  };
  auto both = [](task<> reads, task<> other) -> task<> {
    co_await sluice::when_all(std::move(reads), std::move(other));
  };
  CHECK(code_of([&] { sluice::run(io, both(consumer(body(never)), fails())); }) == code::aborted);
}

TEST_CASE("generators stack without growing the stack", "[generator]") {
  boost::asio::io_context io;
  auto doubled = [](generator<int> from) -> generator<int> {
    while (auto* item = co_await from.next()) co_yield *item * 2;
  };
  auto sum = [](generator<int> from) -> task<long> {
    long total = 0;
    while (auto* item = co_await from.next()) total += *item;
    co_return total;
  };
  int const last = sluice::test::no_tail_calls ? 500 : 100'000;
  CHECK(sluice::run(io, sum(doubled(doubled(count_to(last))))) == 2L * last * (last + 1));
}
