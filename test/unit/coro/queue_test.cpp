// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/queue.hpp>

#include "unit/coro/support.hpp"

#include "support/catch.hpp"

#include <memory>
#include <optional>
#include <vector>

using sluice::code;
using sluice::queue;
using sluice::task;
using sluice::test::background;
using sluice::test::balance;
using sluice::test::move_only;
using sluice::test::poll;
using sluice::test::tracked;

namespace {

task<> push_all(queue<int>& to, int first, int last, std::vector<int>* pushed = nullptr) {
  for (int i = first; i <= last; ++i) {
    co_await to.push(i);
    if (pushed != nullptr) pushed->push_back(i);
  }
}
task<> pop_all(queue<int>& from, std::vector<int>& into) {
  while (auto item = co_await from.pop()) into.push_back(*item);
}
task<> pop_one(queue<int>& from, std::optional<int>& into) { into = co_await from.pop(); }

// Waits under a stop source that the test holds.
task<> exposing(sluice::stop_source*& out, task<> inner) {
  out = &(co_await sluice::coro::get_context{}).stop();
  co_await std::move(inner);
}

}  // namespace

TEST_CASE("a queue is first in, first out", "[queue]") {
  boost::asio::io_context io;
  queue<int> items;
  CHECK(items.try_push(1));
  sluice::run(io, push_all(items, 2, 4));
  CHECK(items.size() == 4);
  CHECK(items.try_pop() == 1);
  items.close();
  std::vector<int> got;
  sluice::run(io, pop_all(items, got));
  CHECK(got == std::vector{2, 3, 4});
  CHECK_FALSE(items.try_pop());
}

TEST_CASE("push waits for room, and the order is kept", "[queue]") {
  boost::asio::io_context io;
  queue<int> items{2};
  std::vector<int> pushed;
  background const pusher{io, push_all(items, 1, 5, &pushed)};
  background const other{io, push_all(items, 10, 10, &pushed)};
  CHECK(pushed == std::vector{1, 2});
  CHECK_FALSE(items.try_push(99));
  CHECK(items.size() == 2);
  std::vector<int> got;
  background const popper{io, pop_all(items, got)};
  CHECK(pusher.done());
  CHECK(other.done());
  CHECK(got == std::vector{1, 2, 3, 10, 4, 5});
  CHECK_FALSE(popper.done());
  items.close();
  poll(io);
  CHECK(popper.done());
}

TEST_CASE("poppers are served in the order they came", "[queue]") {
  boost::asio::io_context io;
  queue<int> items;
  std::optional<int> first, second, third;
  background const one{io, pop_one(items, first)};
  background const two{io, pop_one(items, second)};
  background const three{io, pop_one(items, third)};
  items.try_push(1);
  items.try_push(2);
  poll(io);
  CHECK(first == 1);
  CHECK(second == 2);
  CHECK_FALSE(three.done());
  items.close();
  poll(io);
  CHECK(three.done());
  CHECK_FALSE(third);
}

TEST_CASE("a capacity of zero is hand to hand", "[queue]") {
  boost::asio::io_context io;
  queue<int> items{0};
  CHECK_FALSE(items.try_push(1));
  std::vector<int> pushed, got;
  SECTION("the pusher waits first") {
    background const pusher{io, push_all(items, 1, 3, &pushed)};
    CHECK(pushed.empty());
    CHECK(items.try_pop() == 1);
    poll(io);
    CHECK(pushed == std::vector{1});
    background const popper{io, pop_all(items, got)};
    CHECK(got == std::vector{2, 3});
    CHECK(pusher.done());
    items.close();
    poll(io);
  }
  SECTION("the popper waits first") {
    background const popper{io, pop_all(items, got)};
    background const pusher{io, push_all(items, 1, 3, &pushed)};
    CHECK(got == std::vector{1, 2, 3});
    CHECK(pusher.done());
    items.close();
    poll(io);
    CHECK(popper.done());
  }
  CHECK(items.empty());
}

TEST_CASE("close lets poppers empty the queue and fails pushers", "[queue]") {
  boost::asio::io_context io;
  queue<int> items{1};
  background const first{io, push_all(items, 1, 1)};
  background const waiting{io, push_all(items, 2, 2)};
  CHECK(first.done());
  CHECK_FALSE(waiting.done());
  items.close();
  items.close();
  CHECK(items.closed());
  poll(io);
  REQUIRE(waiting.done());
  CHECK(waiting.failed_with() == code::failed_precondition);
  background const late{io, push_all(items, 3, 3)};
  CHECK(late.failed_with() == code::failed_precondition);
  CHECK_FALSE(items.try_push(4));
  std::vector<int> got;
  sluice::run(io, pop_all(items, got));
  CHECK(got == std::vector{1});
}

TEST_CASE("a stop ends a waiting pop and a waiting push, and loses nothing", "[queue]") {
  boost::asio::io_context io;
  queue<int> items{1};
  sluice::stop_source* stop = nullptr;
  SECTION("pop") {
    std::optional<int> got, next;
    background const stopped{io, exposing(stop, pop_one(items, got))};
    background const other{io, pop_one(items, next)};
    stop->request_stop(sluice::stop_reason::deadline);
    items.try_push(1);
    poll(io);
    CHECK(stopped.failed_with() == code::deadline_exceeded);
    CHECK_FALSE(got);
    CHECK(next == 1);
  }
  SECTION("push") {
    items.try_push(1);
    background const stopped{io, exposing(stop, push_all(items, 2, 2))};
    background const other{io, push_all(items, 3, 3)};
    stop->request_stop(sluice::stop_reason::client_cancelled);
    poll(io);
    CHECK(stopped.failed_with() == code::cancelled);
    CHECK(items.try_pop() == 1);
    CHECK(items.try_pop() == 3);
    CHECK_FALSE(items.try_pop());
    poll(io);
    CHECK(other.done());
  }
}

TEST_CASE("an item that was handed over survives a stop in the same turn", "[queue]") {
  boost::asio::io_context io;
  queue<int> items;
  sluice::stop_source* stop = nullptr;
  std::optional<int> got;
  background const popper{io, exposing(stop, pop_one(items, got))};
  items.try_push(7);
  stop->request_stop();
  poll(io);
  CHECK(popper.failed_with() == code::ok);
  CHECK(got == 7);
}

TEST_CASE("a push that got room survives a stop in the same turn", "[queue]") {
  boost::asio::io_context io;
  queue<int> items{1};
  items.try_push(1);
  sluice::stop_source* stop = nullptr;
  background const pusher{io, exposing(stop, push_all(items, 2, 2))};
  CHECK(items.try_pop() == 1);
  stop->request_stop();
  poll(io);
  CHECK(pusher.failed_with() == code::ok);
  CHECK(items.try_pop() == 2);
}

TEST_CASE("a pop under a stop still gets what is there", "[queue]") {
  boost::asio::io_context io;
  queue<int> items;
  items.try_push(1);
  auto body = [](queue<int>& from) -> task<> {
    (co_await sluice::coro::get_context{}).stop().request_stop();
    auto const seen_1 = co_await from.pop();
    CHECK(seen_1 == 1);
    auto const failed = co_await sluice::as_result(from.pop());
    CHECK(failed.status().code() == code::cancelled);
  };
  sluice::run(io, body(items));
}

TEST_CASE("a refused item is untouched; a destroyed queue drops its items", "[queue]") {
  balance count;
  {
    queue<move_only> items{1};
    CHECK(items.try_push(move_only{count, 1}));
    move_only two{count, 2};
    CHECK_FALSE(items.try_push(std::move(two)));
    CHECK(two.value() == 2);
  }
  CHECK(count.live == 0);
}

TEST_CASE("a pusher and a popper meet many times, and each item arrives once", "[queue]") {
  for (std::size_t const capacity : {0U, 1U, 3U, 100U}) {
    boost::asio::io_context io;
    queue<int> items{capacity};
    std::vector<int> got;
    background const popper{io, pop_all(items, got)};
    background const pusher{io, push_all(items, 1, 5000)};
    poll(io);
    CHECK(pusher.done());
    items.close();
    poll(io);
    CHECK(popper.done());
    REQUIRE(got.size() == 5000);
    for (int i = 0; i != 5000; ++i) REQUIRE(got[static_cast<std::size_t>(i)] == i + 1);
  }
}
