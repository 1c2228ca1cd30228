// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/asio.hpp>
#include <sluice/coro/context.hpp>
#include <sluice/coro/event.hpp>
#include <sluice/coro/sleep.hpp>

#include "unit/coro/support.hpp"

#include "support/catch.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
namespace asio = boost::asio;
using sluice::code;
using sluice::event;
using sluice::task;
using sluice::test::balance;
using sluice::test::code_of;
using sluice::test::poll;
using sluice::test::tracked;

namespace {

task<> waits(event& what, balance& count) {
  tracked const local{count};
  co_await what.wait();
}

}  // namespace

TEST_CASE("run returns the value, again and again on one io_context", "[run]") {
  asio::io_context io;
  auto value = [](int what) -> task<int> {
    co_await sluice::yield_turn{};
    co_return what;
  };
  for (int i = 0; i != 100; ++i) REQUIRE(sluice::run(io, value(i)) == i);
}

TEST_CASE("run leaves other work where it is", "[run]") {
  asio::io_context io;
  asio::steady_timer far{io, 1h};
  bool fired = false;
  far.async_wait([&](boost::system::error_code) { fired = true; });
  auto nothing = []() -> task<> { co_return; };
  sluice::run(io, nothing());
  CHECK_FALSE(fired);
  far.cancel();
  poll(io);
  CHECK(fired);
}

TEST_CASE("a task that nothing can end is a deadlock: FAILED_PRECONDITION, and it is torn down", "[run]") {
  asio::io_context io;
  event never;
  balance count;
  CHECK(code_of([&] { sluice::run(io, waits(never, count)); }) == code::failed_precondition);
  CHECK(count.made == 1);
  CHECK(count.live == 0);
  auto fine = []() -> task<int> { co_return 1; };
  CHECK(sluice::run(io, fine()) == 1);
}

TEST_CASE("a task that ignores its stop stays with the io_context", "[run]") {
  balance count;
  event later;
  auto stubborn = [](event& what, balance& of) -> task<> {
    tracked const local{of};
    co_await what.wait_unstoppably();
  };
  {
    asio::io_context io;
    CHECK(code_of([&] { sluice::run(io, stubborn(later, count)); }) == code::failed_precondition);
    CHECK(count.live == 1);
    SECTION("until it ends") {
      later.set();
      poll(io);
      CHECK(count.live == 0);
    }
    SECTION("until the io_context goes") {}
  }
  CHECK(count.live == 0);
}

TEST_CASE("run on an io_context that is stopped meanwhile fails, and joins what it can", "[run]") {
  asio::io_context io;
  asio::local::stream_protocol::socket left{io}, right{io};
  asio::local::connect_pair(left, right);
  balance count;
  auto reads = [](auto& socket, balance& of) -> task<> {
    tracked const local{of};
    std::array<char, 64> buffer;  // the operation's until it has ended
    co_await socket.async_read_some(asio::buffer(buffer), asio::deferred);
  };
  asio::post(io, [&] { io.stop(); });
  CHECK(code_of([&] { sluice::run(io, reads(left, count)); }) == code::failed_precondition);
  CHECK(count.live == 0);
  CHECK(io.stopped());
}

TEST_CASE("what a handler of the io_context throws leaves run, and the task ends when it can", "[run]") {
  asio::io_context io;
  asio::local::stream_protocol::socket left{io}, right{io};
  asio::local::connect_pair(left, right);
  balance count;
  auto reads = [](auto& socket, balance& of) -> task<> {
    tracked const local{of};
    std::array<char, 64> buffer;  // the operation's until it has ended
    co_await socket.async_read_some(asio::buffer(buffer), asio::deferred);
  };
  asio::post(io, [] { throw std::runtime_error{"of another"}; });
  CHECK_THROWS_AS(sluice::run(io, reads(left, count)), std::runtime_error);
  CHECK(count.live == 1);
  poll(io);
  CHECK(count.live == 0);
}

TEST_CASE("run inside a task of the same io_context is refused", "[run]") {
  asio::io_context io;
  auto inner = []() -> task<> { co_return; };
  auto outer = [](asio::io_context& on, auto what) -> task<> {
    CHECK(code_of([&] { sluice::run(on, what()); }) == code::failed_precondition);
    co_return;
  };
  sluice::run(io, outer(io, inner));
}

TEST_CASE("run takes whatever can be awaited", "[run]") {
  asio::io_context io;
  event done;
  done.set();
  sluice::run(io, done.wait());
  sluice::run(io, sluice::sleep_for(1ms));
  asio::steady_timer timer{io, 0ms};
  sluice::run(io, timer.async_wait(asio::deferred));
}

TEST_CASE("this_stop and this_deadline are those of the running task, at any depth", "[context]") {
  asio::io_context io;
  auto leaf = []() -> task<sluice::deadline> { co_return co_await sluice::this_deadline; };
  auto middle = [](auto inner) -> task<sluice::deadline> { co_return co_await inner(); };
  auto body = [](auto outer, auto inner) -> task<> {
    auto& here = co_await sluice::coro::get_context{};
    sluice::deadline const none = co_await outer(inner);
    CHECK(none.is_never());
    sluice::deadline const late{here.scheduler().now() + 1h};
    sluice::deadline const early{here.scheduler().now() + 1min};
    here.set_deadline(late);
    here.set_deadline(early);
    here.set_deadline(late);  // only stricter
    sluice::deadline const seen = co_await outer(inner);
    CHECK(seen == early);
    sluice::stop_token const token = co_await sluice::this_stop;
    CHECK_FALSE(token.stop_requested());
    here.stop().request_stop(sluice::stop_reason::draining);
    CHECK(token.reason() == sluice::stop_reason::draining);
  };
  sluice::run(io, body(middle, leaf));
}

TEST_CASE("a context and all below it forget what they inherited when its parent goes", "[context]") {
  asio::io_context io;
  auto const where = sluice::coro::scheduler_of(io.get_executor());
  sluice::trace_context const trace{"00-1-2-01", ""};
  std::optional<sluice::coro::context> top{std::in_place, *where};
  top->set_trace(&trace);
  std::optional<sluice::coro::context> gone{std::in_place, *top};
  sluice::coro::context beside{*top};
  sluice::coro::context left{*top};
  sluice::coro::context below{left};
  sluice::coro::context deepest{below};
  CHECK(deepest.trace() == &trace);
  gone.reset();
  left.orphan();
  for (auto const* each : {&left, &below, &deepest}) CHECK(each->trace() == nullptr);
  CHECK(beside.trace() == &trace);
  top.reset();
  CHECK(beside.trace() == nullptr);
}

TEST_CASE("this_call outside a handler fails", "[context]") {
  asio::io_context io;
  auto body = []() -> task<> { static_cast<void>(co_await sluice::this_call); };
  CHECK(code_of([&] { sluice::run(io, body()); }) == code::failed_precondition);
}
