// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/event.hpp>
#include <sluice/coro/scope.hpp>
#include <sluice/coro/sleep.hpp>

#include "unit/coro/support.hpp"

#include "support/catch.hpp"

#include <stdexcept>
#include <vector>

using sluice::code;
using sluice::event;
using sluice::scope;
using sluice::task;
using sluice::test::background;
using sluice::test::balance;
using sluice::test::code_of;
using sluice::test::poll;
using sluice::test::tracked;

namespace {

task<> waits(event& what, balance& count) {
  tracked const local{count};
  co_await what.wait();
}
task<> counts(int& ran, int turns) {
  for (int i = 0; i != turns; ++i) co_await sluice::yield_turn{};
  ++ran;
}
task<> fails(code why) {
  co_await sluice::yield_turn{};
  throw sluice::status_error{why, "failed"};
}

}  // namespace

TEST_CASE("join waits for every task", "[scope]") {
  boost::asio::io_context io;
  int ran = 0;
  auto body = [](int& count) -> task<> {
    scope work;
    for (int i = 0; i != 20; ++i) work.spawn(counts(count, i % 5));
    CHECK(count == 4);  // each runs to its first suspension
    co_await work.join();
    CHECK(count == 20);
    CHECK(work.size() == 0);
    co_await work.join();  // again: nothing
    work.spawn(counts(count, 1));
    co_await work.join();
    CHECK(count == 21);
  };
  sluice::run(io, body(ran));
}

TEST_CASE("join of a scope without tasks does not wait", "[scope]") {
  boost::asio::io_context io;
  auto body = []() -> task<> {
    scope work;
    co_await work.join();
  };
  sluice::run(io, body());
}

TEST_CASE("what is spawned may give a value that nobody wants", "[scope]") {
  boost::asio::io_context io;
  auto body = []() -> task<> {
    scope work;
    auto value = []() -> task<std::string> { co_return "unwanted"; };
    work.spawn(value());
    work.spawn(sluice::yield_turn{});
    co_await work.join();
  };
  sluice::run(io, body());
}

TEST_CASE("a failure stops the others, and join fails with it", "[scope]") {
  boost::asio::io_context io;
  event never;
  balance count;
  auto body = [](event& what, balance& of) -> task<> {
    scope work;
    for (int i = 0; i != 3; ++i) work.spawn(waits(what, of));
    work.spawn(fails(code::data_loss));
    CHECK(of.live == 3);
    auto const joined = co_await sluice::as_result(work.join());
    CHECK(joined.status().code() == code::data_loss);
    CHECK(of.live == 0);
  };
  sluice::run(io, body(never, count));
}

TEST_CASE("request_stop stops the tasks, and is no failure", "[scope]") {
  boost::asio::io_context io;
  event never;
  balance count;
  auto body = [](event& what, balance& of) -> task<> {
    scope work;
    work.spawn(waits(what, of));
    work.request_stop();
    CHECK(work.size() == 1);
    co_await work.join();
    CHECK(of.live == 0);
  };
  sluice::run(io, body(never, count));
}

TEST_CASE("the parent's stop reaches the tasks, and join fails with it after they have ended", "[scope]") {
  boost::asio::io_context io;
  event never;
  balance count;
  sluice::stop_source* stop = nullptr;
  auto body = [](event& what, balance& of, sluice::stop_source*& out) -> task<> {
    out = &(co_await sluice::coro::get_context{}).stop();
    scope work;
    work.spawn(waits(what, of));
    auto const joined = co_await sluice::as_result(work.join());
    CHECK(joined.status().code() == code::deadline_exceeded);
    CHECK(of.live == 0);
  };
  background const one{io, body(never, count, stop)};
  CHECK(count.live == 1);
  stop->request_stop(sluice::stop_reason::deadline);
  poll(io);
  CHECK(one.done());
  CHECK(one.failed_with() == code::ok);
}

TEST_CASE("a scope inherits the deadline, not more", "[scope]") {
  boost::asio::io_context io;
  auto body = []() -> task<> {
    auto& here = co_await sluice::coro::get_context{};
    sluice::deadline const mine{here.scheduler().now() + std::chrono::hours{1}};
    here.set_deadline(mine);
    scope work;
    auto looks = [](sluice::deadline expected) -> task<> {
      sluice::deadline const seen = co_await sluice::this_deadline;
      CHECK(seen == expected);
    };
    work.spawn(looks(mine));
    co_await work.join();
  };
  sluice::run(io, body());
}

TEST_CASE("a scope that is destroyed unjoined stops its tasks, which end by themselves", "[scope]") {
  boost::asio::io_context io;
  event never;
  balance count;
  SECTION("its tasks end with the turn") {
    auto body = [](event& what, balance& of) -> task<> {
      scope work;
      work.spawn(waits(what, of));
      co_return;
    };
    sluice::run(io, body(never, count));
    poll(io);
    CHECK(count.live == 0);
  }
  SECTION("its tasks go on after the whole tree has ended") {
    event later;
    auto lingers = [](event& stopped, event& until, balance& of) -> task<> {
      tracked const local{of};
      auto const failed = co_await sluice::as_result(stopped.wait());
      CHECK(failed.status().code() == code::cancelled);
      co_await until.wait_unstoppably();
    };
    auto body = [](task<> inner) -> task<> {
      scope work;
      work.spawn(std::move(inner));
      co_return;
    };
    sluice::run(io, body(lingers(never, later, count)));
    poll(io);
    CHECK(count.live == 1);
    later.set();
    poll(io);
    CHECK(count.live == 0);
  }
  SECTION("by an exception") {
    auto body = [](event& what, balance& of) -> task<> {
      scope work;
      work.spawn(waits(what, of));
      throw std::runtime_error{"x"};
      co_return;
    };
    CHECK_THROWS_AS(sluice::run(io, body(never, count)), std::runtime_error);
    poll(io);
    CHECK(count.live == 0);
  }
}

TEST_CASE("a task may spawn into the scope that it runs in", "[scope]") {
  boost::asio::io_context io;
  int ran = 0;
  auto body = [](int& count) -> task<> {
    scope work;
    auto forks = [](scope& into, int& of) -> task<> {
      co_await sluice::yield_turn{};
      into.spawn(counts(of, 3));
    };
    work.spawn(forks(work, count));
    co_await work.join();
    CHECK(count == 1);
  };
  sluice::run(io, body(ran));
}

TEST_CASE("two tasks may join one scope", "[scope]") {
  boost::asio::io_context io;
  event go;
  balance count;
  int joined = 0;
  auto body = [](event& until, balance& of, int& done) -> task<> {
    scope work, joiners;
    work.spawn(waits(until, of));
    auto joins = [](scope& what, int& into) -> task<> {
      co_await what.join();
      ++into;
    };
    joiners.spawn(joins(work, done));
    joiners.spawn(joins(work, done));
    co_await joiners.join();
  };
  background const one{io, body(go, count, joined)};
  CHECK(joined == 0);
  go.set();
  poll(io);
  CHECK(joined == 2);
  CHECK(one.done());
}

TEST_CASE("a scope outside a task is refused", "[scope]") {
  CHECK(code_of([] { scope const work; }) == code::failed_precondition);
}

TEST_CASE("spawning from outside a turn starts in the next one", "[scope]") {
  boost::asio::io_context io;
  auto const where = sluice::coro::scheduler_of(io.get_executor());
  sluice::coro::context top{*where};
  int ran = 0;
  {
    scope work{top};
    work.spawn(counts(ran, 2));
    CHECK(ran == 0);
    poll(io);
    CHECK(ran == 1);
    CHECK(work.size() == 0);
  }
}
