// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/event.hpp>
#include <sluice/coro/scheduler.hpp>
#include <sluice/coro/sleep.hpp>

#include "unit/coro/support.hpp"

#include "support/catch.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using sluice::task;
using sluice::coro::ready_node;
using sluice::coro::scheduler;
using sluice::coro::turn_hook;
using sluice::test::poll;

namespace {

struct node final : ready_node {
  explicit node(std::function<void()> what) : action{std::move(what)} {}
  void run() noexcept override { action(); }
  std::function<void()> action;
};
struct hook final : turn_hook {
  explicit hook(std::function<void()> what) : action{std::move(what)} {}
  void turn_ended() noexcept override { action(); }
  std::function<void()> action;
};

}  // namespace

TEST_CASE("a turn: effects, then what became ready, then the hooks", "[scheduler]") {
  asio::io_context io;
  auto const where = sluice::coro::scheduler_of(io.get_executor());
  std::vector<int> order;
  node late{[&] { order.push_back(3); }};
  node early{[&] {
    order.push_back(2);
    where->ready(late);
  }};
  hook end{[&] { order.push_back(4); }};
  CHECK(scheduler::current() == nullptr);
  where->turn([&] {
    CHECK(where->is_current());
    where->at_turn_end(end);
    where->at_turn_end(end);  // once
    where->ready(early);
    order.push_back(1);
  });
  CHECK(order == std::vector{1, 2, 3, 4});
  CHECK(scheduler::current() == nullptr);
}

TEST_CASE("a turn inside a turn is only its effects", "[scheduler]") {
  asio::io_context io;
  auto const where = sluice::coro::scheduler_of(io.get_executor());
  std::vector<int> order;
  node ready{[&] { order.push_back(3); }};
  where->turn([&] {
    where->turn([&] {
      where->ready(ready);
      order.push_back(1);
    });
    order.push_back(2);
  });
  CHECK(order == std::vector{1, 2, 3});
}

TEST_CASE("what becomes ready outside a turn gets one that is posted", "[scheduler]") {
  asio::io_context io;
  auto const where = sluice::coro::scheduler_of(io.get_executor());
  int ran = 0;
  node one{[&] { ++ran; }}, two{[&] { ++ran; }};
  hook end{[&] { ran += 10; }};
  where->ready(one);
  where->ready(two);
  where->at_turn_end(end);
  CHECK(ran == 0);
  auto const before = where->counted().turns;
  poll(io);
  CHECK(ran == 12);
  CHECK(where->counted().turns == before + 1);
}

TEST_CASE("a hook that makes something ready: it runs in the same turn, and may hook again", "[scheduler]") {
  asio::io_context io;
  auto const where = sluice::coro::scheduler_of(io.get_executor());
  std::vector<int> order;
  hook second{[&] { order.push_back(3); }};
  node ready{[&] {
    order.push_back(2);
    where->at_turn_end(second);
  }};
  hook first{[&] {
    order.push_back(1);
    where->ready(ready);
  }};
  where->turn([&] { where->at_turn_end(first); });
  CHECK(order == std::vector{1, 2, 3});
}

TEST_CASE("a director decides who of the ready runs next, and gives seeds", "[scheduler]") {
  struct last_first final : sluice::coro::director {
    std::size_t postponed() noexcept override { return ready == 0 ? 0 : --ready; }
    std::uint32_t random_seed() noexcept override { return 7; }
    std::size_t ready = 3;
  } director;
  asio::io_context io;
  auto const where = sluice::coro::scheduler_of(io.get_executor());
  std::vector<int> order;
  node one{[&] { order.push_back(1); }}, two{[&] { order.push_back(2); }}, three{[&] { order.push_back(3); }};
  auto const all = [&] {
    where->turn([&] {
      for (auto* const each : {&one, &two, &three}) where->ready(*each);
    });
  };
  where->use_director(&director);
  all();
  CHECK(order == std::vector{3, 2, 1});
  CHECK(where->random_seed() == 7);
  where->use_director(nullptr);
  all();
  CHECK(order == std::vector{3, 2, 1, 1, 2, 3});
}

TEST_CASE("a node or hook that dies does not run", "[scheduler]") {
  asio::io_context io;
  auto const where = sluice::coro::scheduler_of(io.get_executor());
  where->turn([&] {
    node gone{[] { FAIL("ran"); }};
    hook gone_too{[] { FAIL("ran"); }};
    where->ready(gone);
    where->at_turn_end(gone_too);
  });
}

TEST_CASE("a turn that is long lets the executor serve others", "[scheduler]") {
  asio::io_context io;
  auto const where = sluice::coro::scheduler_of(io.get_executor());
  bool served = false;
  bool served_meanwhile = false;
  auto busy = [](bool& seen, bool& out) -> task<> {
    for (int i = 0; i != 50'000; ++i) {
      co_await sluice::yield_turn{};
      out = out || seen;
    }
  };
  sluice::spawn(io, busy(served, served_meanwhile), asio::detached);
  asio::post(io, [&] { served = true; });
  io.run();
  CHECK(served_meanwhile);
}

TEST_CASE("the time is read once a turn", "[scheduler]") {
  asio::io_context io;
  auto const where = sluice::coro::scheduler_of(io.get_executor());
  where->turn([&] {
    auto const first = where->now();
    while (std::chrono::steady_clock::now() == first) {}
    CHECK(where->now() == first);
  });
  auto const outside = where->now();
  while (std::chrono::steady_clock::now() == outside) {}
  CHECK(where->now() > outside);
}

TEST_CASE("post_remote runs a node in a turn, from any thread", "[scheduler]") {
  asio::io_context io;
  auto const where = sluice::coro::scheduler_of(io.get_executor());
  bool in_turn = false;
  node remote{[&] { in_turn = where->is_current(); }};
  std::thread other{[&] { where->post_remote(remote); }};
  other.join();
  CHECK_FALSE(in_turn);
  poll(io);
  CHECK(in_turn);
}

TEST_CASE("a scheduler goes when nobody uses it, and outlives its io_context", "[scheduler]") {
  std::weak_ptr<scheduler> weak;
  std::shared_ptr<scheduler> outlives;
  sluice::event never;
  {
    asio::io_context io;
    auto nothing = []() -> task<> { co_return; };
    sluice::run(io, nothing());
    weak = sluice::coro::scheduler_of(io.get_executor());
    poll(io);
    CHECK(weak.expired());
    outlives = sluice::coro::scheduler_of(io.get_executor());
    auto waits = [](sluice::event& what) -> task<> { co_await what.wait(); };
    sluice::spawn(io, waits(never), asio::detached);
    poll(io);
  }
  never.set();
  node late{[] { FAIL("ran"); }};
  outlives->ready(late);  // nothing runs any more, and nothing breaks
}
