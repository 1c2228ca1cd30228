// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/event.hpp>
#include <sluice/coro/scope.hpp>

#include "unit/coro/support.hpp"

#include "support/catch.hpp"

#include <vector>

using sluice::code;
using sluice::event;
using sluice::task;
using sluice::test::background;
using sluice::test::poll;

namespace {

task<> notes(event& what, std::vector<int>& order, int number) {
  co_await what.wait();
  order.push_back(number);
}

}  // namespace

TEST_CASE("an event that is set does not suspend", "[event]") {
  boost::asio::io_context io;
  event done;
  done.set();
  CHECK(done.is_set());
  std::vector<int> order;
  sluice::run(io, notes(done, order, 1));
  CHECK(order == std::vector{1});
}

TEST_CASE("set resumes every waiter once, in order, and not in place", "[event]") {
  boost::asio::io_context io;
  event done;
  std::vector<int> order;
  background const one{io, notes(done, order, 1)};
  background const two{io, notes(done, order, 2)};
  CHECK(order.empty());
  done.set();
  CHECK(order.empty());  // not from inside set
  done.set();
  poll(io);
  CHECK(order == std::vector{1, 2});
  CHECK(one.done());
  CHECK(two.done());
}

TEST_CASE("after reset an event is waited for again", "[event]") {
  boost::asio::io_context io;
  event done;
  done.set();
  done.reset();
  CHECK_FALSE(done.is_set());
  std::vector<int> order;
  background const one{io, notes(done, order, 1)};
  CHECK_FALSE(one.done());
  done.set();
  done.reset();  // who waited has been told already
  poll(io);
  CHECK(one.done());
}

TEST_CASE("a stop ends a wait with its status, and the others go on waiting", "[event]") {
  boost::asio::io_context io;
  event done;
  std::vector<int> order;
  auto stoppable = [](event& what, std::vector<int>& into, sluice::scope*& out) -> task<> {
    sluice::scope inner;
    out = &inner;
    inner.spawn(notes(what, into, 1));
    co_await inner.join();
    into.push_back(10);
  };
  sluice::scope* inner = nullptr;
  background const one{io, stoppable(done, order, inner)};
  background const two{io, notes(done, order, 2)};
  REQUIRE(inner != nullptr);
  inner->request_stop();
  poll(io);
  CHECK(one.done());
  CHECK_FALSE(two.done());
  CHECK(order == std::vector{10});
  done.set();
  poll(io);
  CHECK(order == std::vector{10, 2});
}

TEST_CASE("a wait under a stop fails at once; an unstoppable one waits", "[event]") {
  boost::asio::io_context io;
  event done;
  bool waited = false;
  auto body = [](event& what, bool& reached) -> task<> {
    sluice::coro::context& here = co_await sluice::coro::get_context{};
    here.stop().request_stop(sluice::stop_reason::deadline);
    auto const failed = co_await sluice::as_result(what.wait());
    CHECK(failed.status().code() == code::deadline_exceeded);
    co_await what.wait_unstoppably();
    reached = true;
  };
  background const one{io, body(done, waited)};
  CHECK_FALSE(one.done());
  CHECK_FALSE(waited);
  done.set();
  poll(io);
  CHECK(one.done());
  CHECK(waited);
}

TEST_CASE("a stop after the set does not take the event back", "[event]") {
  boost::asio::io_context io;
  event done;
  sluice::stop_source* stop = nullptr;
  auto body = [](event& what, sluice::stop_source*& out) -> task<> {
    out = &(co_await sluice::coro::get_context{}).stop();
    co_await what.wait();
  };
  background const one{io, body(done, stop)};
  done.set();
  stop->request_stop();
  poll(io);
  CHECK(one.done());
  CHECK(one.failed_with() == code::ok);
}
