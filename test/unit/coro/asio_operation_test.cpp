// SPDX-License-Identifier: Apache-2.0
//
// Asio's operations inside a task: every shape of signature, and what a stop does to them.
#include <sluice/coro/asio.hpp>
#include <sluice/coro/event.hpp>
#include <sluice/coro/scope.hpp>
#include <sluice/coro/when_all.hpp>

#include "unit/coro/support.hpp"

#include "support/catch.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

using namespace std::chrono_literals;
namespace asio = boost::asio;
using boost::system::error_code;
using sluice::code;
using sluice::task;
using sluice::test::background;
using sluice::test::balance;
using sluice::test::code_of;
using sluice::test::move_only;
using sluice::test::poll;
using sluice::test::tracked;

namespace {

// An operation of any signature that completes, posted, with the given results.
template <class Signature, class... Results>
auto posted(asio::io_context& io, Results... results) {
  return asio::async_initiate<asio::deferred_t const, Signature>(
      [&io](auto handler, Results... values) {
        asio::post(io, [handler = std::move(handler), ... values = std::move(values)]() mutable {
          std::move(handler)(std::move(values)...);
        });
      },
      asio::deferred, std::move(results)...);
}

// An operation that the test completes by hand; it counts the signals that it gets.
struct by_hand {
  std::function<void(error_code)> complete;
  int signals = 0;
  bool ends_when_signalled = true;

  auto start() {
    return asio::async_initiate<asio::deferred_t const, void(error_code)>(
        [this](auto handler) {
          auto slot = asio::get_associated_cancellation_slot(handler);
          auto shared = std::make_shared<decltype(handler)>(std::move(handler));
          complete = [shared](error_code error) { std::move (*shared)(error); };
          slot.assign([this](asio::cancellation_type type) {
            CHECK((type & asio::cancellation_type::terminal) != asio::cancellation_type::none);
            ++signals;
            if (ends_when_signalled) std::exchange(complete, nullptr)(asio::error::operation_aborted);
          });
        },
        asio::deferred);
  }
};

task<> exposing(sluice::stop_source*& out, task<> inner) {
  out = &(co_await sluice::coro::get_context{}).stop();
  co_await std::move(inner);
}

}  // namespace

TEST_CASE("an operation completes with what its signature says", "[asio]") {
  asio::io_context io;
  balance count;
  auto body = [](asio::io_context& on, balance& of) -> task<> {
    co_await posted<void()>(on);
    co_await posted<void(error_code)>(on, error_code{});
    int const one = co_await posted<void(error_code, int)>(on, error_code{}, 1);
    CHECK(one == 1);
    auto const [two, text] =
        co_await posted<void(error_code, int, std::string)>(on, error_code{}, 2, std::string{"two"});
    CHECK(two == 2);
    CHECK(text == "two");
    int const three = co_await posted<void(int)>(on, 3);
    CHECK(three == 3);
    auto const [four, five] = co_await posted<void(int, long)>(on, 4, 5L);
    CHECK(four + five == 9);
    co_await posted<void(std::exception_ptr)>(on, std::exception_ptr{});
    auto const six = co_await posted<void(std::exception_ptr, int)>(on, std::exception_ptr{}, 6);
    CHECK(six == 6);
    auto const [seven, eight] =
        co_await posted<void(std::exception_ptr, int, int)>(on, std::exception_ptr{}, 7, 8);
    CHECK(seven + eight == 15);
    auto const owned =
        co_await posted<void(error_code, std::unique_ptr<int>)>(on, error_code{}, std::make_unique<int>(9));
    CHECK(*owned == 9);
    auto const moved = co_await posted<void(move_only)>(on, move_only{of, 10});
    CHECK(moved.value() == 10);
    auto const [first, second] = co_await posted<void(move_only, std::unique_ptr<int>)>(
        on, move_only{of, 11}, std::make_unique<int>(12));
    CHECK(first.value() + *second == 23);
  };
  sluice::run(io, body(io, count));
  CHECK(count.live == 0);
}

TEST_CASE("as_tuple gives the error as a value", "[asio]") {
  asio::io_context io;
  auto body = [](asio::io_context& on) -> task<> {
    asio::steady_timer timer{on, 0ms};
    auto const [error] = co_await timer.async_wait(asio::as_tuple(asio::deferred));
    CHECK_FALSE(error);
    auto const [again] = co_await timer.async_wait(asio::as_tuple(sluice::use_task));
    CHECK_FALSE(again);
  };
  sluice::run(io, body(io));
}

TEST_CASE("use_task is awaited like deferred; an lvalue operation too", "[asio]") {
  asio::io_context io;
  auto body = [](asio::io_context& on) -> task<> {
    asio::steady_timer timer{on, 0ms};
    co_await timer.async_wait(sluice::use_task);
    auto operation = timer.async_wait(asio::deferred);
    co_await operation;
    co_await std::move(operation);
    co_await asio::post(on, sluice::use_task);
  };
  sluice::run(io, body(io));
}

TEST_CASE("an error is thrown: system_error for an error_code, an exception as it is", "[asio]") {
  asio::io_context io;
  auto code_fails = [](asio::io_context& on) -> task<> {
    co_await posted<void(error_code, int)>(on, error_code{asio::error::connection_refused}, 0);
  };
  try {
    sluice::run(io, code_fails(io));
    FAIL("no error");
  } catch (boost::system::system_error const& error) {
    CHECK(error.code() == asio::error::connection_refused);
  }
  auto throws = [](asio::io_context& on) -> task<> {
    co_await posted<void(std::exception_ptr, int)>(on, std::make_exception_ptr(std::runtime_error{"x"}), 0);
  };
  CHECK_THROWS_AS(sluice::run(io, throws(io)), std::runtime_error);
}

TEST_CASE("operations are children of groups and scopes", "[asio]") {
  asio::io_context io;
  auto body = [](asio::io_context& on) -> task<> {
    asio::steady_timer timer{on, 0ms};
    auto [a, b, c] = co_await sluice::when_all(posted<void(error_code, int)>(on, error_code{}, 1),
                                               timer.async_wait(asio::deferred), posted<void(int)>(on, 2));
    static_cast<void>(b);
    CHECK(a + c == 3);
    sluice::scope work;
    work.spawn(timer.async_wait(asio::deferred));
    work.spawn(asio::post(on, asio::deferred));
    co_await work.join();
    auto const result = co_await sluice::as_result(posted<void(error_code, int)>(on, error_code{}, 5));
    CHECK(*result == 5);
  };
  sluice::run(io, body(io));
}

TEST_CASE("a stop cancels the operation, and the task ends when the operation has", "[asio]") {
  asio::io_context io;
  sluice::stop_source* stop = nullptr;
  by_hand operation;
  balance count;
  auto body = [](by_hand& what, balance& of) -> task<> {
    tracked const buffer{of};
    co_await what.start();
  };
  SECTION("one that ends at once") {
    background const one{io, exposing(stop, body(operation, count))};
    CHECK(count.live == 1);
    stop->request_stop(sluice::stop_reason::deadline);
    poll(io);
    CHECK(operation.signals == 1);
    CHECK(one.failed_with() == code::deadline_exceeded);
    CHECK(count.live == 0);
  }
  SECTION("one that takes its time is joined") {
    operation.ends_when_signalled = false;
    background const one{io, exposing(stop, body(operation, count))};
    stop->request_stop(sluice::stop_reason::client_cancelled);
    poll(io);
    CHECK(operation.signals == 1);
    CHECK(count.live == 1);  // its memory may be in use
    CHECK_FALSE(one.done());
    operation.complete(asio::error::operation_aborted);
    poll(io);
    CHECK(one.failed_with() == code::cancelled);
    CHECK(count.live == 0);
  }
  SECTION("one that completes all the same keeps its result") {
    operation.ends_when_signalled = false;
    background const one{io, exposing(stop, body(operation, count))};
    stop->request_stop();
    operation.complete(error_code{});
    poll(io);
    CHECK(one.done());
    CHECK(one.failed_with() == code::ok);
  }
  SECTION("none is sent once it has completed") {
    background const one{io, exposing(stop, body(operation, count))};
    operation.complete(error_code{});  // the task is resumed within this turn
    poll(io);
    CHECK(one.done());
    CHECK(operation.signals == 0);
  }
}

TEST_CASE("no signal reaches an operation that completed in the same turn", "[asio]") {
  asio::io_context io;
  sluice::stop_source* stop = nullptr;
  by_hand operation;
  auto body = [](by_hand& what) -> task<> { co_await what.start(); };
  background const one{io, exposing(stop, body(operation))};
  auto const where = sluice::coro::scheduler_of(io.get_executor());
  where->turn([&] {
    operation.complete(error_code{});
    stop->request_stop();
  });
  poll(io);
  CHECK(operation.signals == 0);
  CHECK(one.failed_with() == code::ok);
}

TEST_CASE("an operation is not started under a stop", "[asio]") {
  asio::io_context io;
  by_hand operation;
  auto body = [](by_hand& what) -> task<> {
    (co_await sluice::coro::get_context{}).stop().request_stop(sluice::stop_reason::shutdown);
    co_await what.start();
  };
  CHECK(code_of([&] { sluice::run(io, body(operation)); }) == code::unavailable);
  CHECK_FALSE(operation.complete);
}

TEST_CASE("an operation that completes inside its initiation does not resume in place", "[asio]") {
  asio::io_context io;
  auto at_once = [] {
    return asio::async_initiate<asio::deferred_t const, void(int)>(
        [](auto handler) { std::move(handler)(7); }, asio::deferred);
  };
  auto body = [](auto operation) -> task<long> {
    long sum = 0;
    for (int i = 0; i != 5'000; ++i) sum += co_await operation();
    co_return sum;
  };
  CHECK(sluice::run(io, body(at_once)) == 35'000);
}

TEST_CASE("what an initiation throws comes out of the co_await", "[asio]") {
  asio::io_context io;
  auto refuses = [] {
    return asio::async_initiate<asio::deferred_t const, void()>(
        [](auto handler) {
          static_cast<void>(handler);
          throw std::runtime_error{"not today"};
        },
        asio::deferred);
  };
  auto body = [](auto operation) -> task<bool> {
    try {
      co_await operation();
    } catch (std::runtime_error const&) { co_return true; }
    co_return false;
  };
  CHECK(sluice::run(io, body(refuses)));
}

TEST_CASE("an operation that drops its handler leaves the task waiting, not broken", "[asio]") {
  asio::io_context io;
  sluice::stop_source* stop = nullptr;
  balance count;
  auto drops = [] {
    return asio::async_initiate<asio::deferred_t const, void()>(
        [](auto handler) { static_cast<void>(handler); }, asio::deferred);
  };
  auto body = [](auto operation, balance& of) -> task<> {
    tracked const local{of};
    co_await operation();
  };
  {
    asio::io_context inner;
    background const one{inner, exposing(stop, body(drops, count))};
    CHECK_FALSE(one.done());
    stop->request_stop();
    poll(inner);
    CHECK_FALSE(one.done());
    CHECK(count.live == 1);
  }
  CHECK(count.live == 0);
}

TEST_CASE("sockets read and write inside tasks, and a stop ends a read that waits", "[asio]") {
  asio::io_context io;
  asio::local::stream_protocol::socket left{io}, right{io};
  asio::local::connect_pair(left, right);
  auto writes = [](auto& socket) -> task<> {
    std::string const text(100'000, 'x');
    std::size_t const written = co_await asio::async_write(socket, asio::buffer(text), asio::deferred);
    CHECK(written == text.size());
  };
  auto reads = [](auto& socket) -> task<> {
    std::string text(100'000, ' ');
    std::size_t const read = co_await asio::async_read(socket, asio::buffer(text), asio::deferred);
    CHECK(read == text.size());
    CHECK(text == std::string(100'000, 'x'));
  };
  auto both = [](task<> one, task<> two) -> task<> {
    co_await sluice::when_all(std::move(one), std::move(two));
  };
  sluice::run(io, both(writes(left), reads(right)));

  sluice::stop_source* stop = nullptr;
  background const waiting{io, exposing(stop, reads(right))};
  CHECK_FALSE(waiting.done());
  stop->request_stop(sluice::stop_reason::deadline);
  poll(io);
  CHECK(waiting.failed_with() == code::deadline_exceeded);
}
