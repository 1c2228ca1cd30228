// SPDX-License-Identifier: Apache-2.0
//
// A task as an Asio operation, with every kind of completion token.
#include <sluice/coro/asio.hpp>
#include <sluice/coro/event.hpp>
#include <sluice/coro/sleep.hpp>

#include "unit/coro/support.hpp"

#include "support/catch.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
using sluice::code;
using sluice::event;
using sluice::task;
using sluice::test::balance;
using sluice::test::code_of_error;
using sluice::test::move_only;
using sluice::test::poll;
using sluice::test::tracked;

namespace {

task<int> value_of(int value) {
  co_await sluice::yield_turn{};
  co_return value;
}
task<> nothing() { co_return; }
task<int> fails() { co_return sluice::status{code::not_found, "x"}; }
task<> waits(event& what, balance& count) {
  tracked const local{count};
  co_await what.wait();
}

}  // namespace

TEST_CASE("a callback gets the exception and the value, and never in place", "[launch]") {
  asio::io_context io;
  int calls = 0;
  value_of(5)(asio::bind_executor(io, [&](std::exception_ptr error, int value) {
    CHECK_FALSE(error);
    CHECK(value == 5);
    ++calls;
  }));
  nothing()(asio::bind_executor(io, [&](std::exception_ptr error) {
    CHECK_FALSE(error);
    ++calls;
  }));
  fails()(asio::bind_executor(io, [&](std::exception_ptr error, int) {
    CHECK(code_of_error(error) == code::not_found);
    ++calls;
  }));
  CHECK(calls == 0);
  io.run();
  CHECK(calls == 3);
}

TEST_CASE("spawn runs on its executor and completes on the token's", "[launch]") {
  asio::io_context runs, completes;
  bool done = false;
  sluice::spawn(runs, value_of(1),
                asio::bind_executor(completes, [&](std::exception_ptr, int) { done = true; }));
  runs.run();
  CHECK_FALSE(done);
  completes.run();  // the work that kept it is gone with the completion
  CHECK(done);
}

TEST_CASE("the token's executor has work to do until the task has ended", "[launch]") {
  asio::io_context runs, completes;
  event go;
  balance count;
  bool done = false;
  sluice::spawn(runs, waits(go, count),
                asio::bind_executor(completes, [&](std::exception_ptr) { done = true; }));
  poll(runs);
  CHECK(completes.poll() == 0);
  CHECK_FALSE(completes.stopped());
  go.set();
  poll(runs);
  CHECK(completes.run() == 1);
  CHECK(done);
}

TEST_CASE("use_awaitable: a task inside Asio's own coroutine", "[launch]") {
  asio::io_context io;
  bool done = false;
  auto body = [&]() -> asio::awaitable<void> {
    int const value = co_await value_of(7)(asio::use_awaitable);
    CHECK(value == 7);
    co_await nothing()(asio::use_awaitable);
    try {
      co_await fails()(asio::use_awaitable);
      FAIL("no error");
    } catch (sluice::status_error const& error) { CHECK(error.code() == code::not_found); }
    auto const [error, again] = co_await value_of(8)(asio::as_tuple(asio::use_awaitable));
    CHECK_FALSE(error);
    CHECK(again == 8);
    done = true;
  };
  asio::co_spawn(io, body, asio::detached);
  io.run();
  CHECK(done);
}

TEST_CASE("use_future: another thread waits", "[launch]") {
  asio::io_context io;
  auto value = sluice::spawn(io, value_of(9), asio::use_future);
  auto failed = sluice::spawn(io, fails(), asio::use_future);
  auto done = sluice::spawn(io, nothing(), asio::use_future);
  std::thread runner{[&] { io.run(); }};
  CHECK(value.get() == 9);
  CHECK_THROWS_AS(failed.get(), sluice::status_error);
  done.get();
  runner.join();
}

TEST_CASE("deferred: nothing runs before it is started", "[launch]") {
  asio::io_context io;
  auto operation = sluice::spawn(io, value_of(3), asio::deferred);
  poll(io);
  int seen = 0;
  std::move(operation)([&](std::exception_ptr, int value) { seen = value; });
  poll(io);
  CHECK(seen == 3);
}

TEST_CASE("as_tuple and a task awaited in a task through deferred", "[launch]") {
  asio::io_context io;
  auto body = [](asio::io_context& on) -> task<int> {
    int const one = co_await sluice::spawn(on, value_of(1), asio::deferred);
    auto const [error, two] = co_await sluice::spawn(on, value_of(2), asio::as_tuple(asio::deferred));
    CHECK_FALSE(error);
    co_return one + two;
  };
  CHECK(sluice::run(io, body(io)) == 3);
}

TEST_CASE("a value without a default constructor comes as an optional; references as values", "[launch]") {
  asio::io_context io;
  balance count;
  auto make = [](balance& of) -> task<move_only> { co_return move_only{of, 4}; };
  auto broken = [](balance&) -> task<move_only> {
    throw std::runtime_error{"x"};
    co_return move_only{*static_cast<balance*>(nullptr)};
  };
  int calls = 0;
  sluice::spawn(io, make(count), [&](std::exception_ptr error, std::optional<move_only> value) {
    CHECK_FALSE(error);
    REQUIRE(value);
    CHECK(value->value() == 4);
    ++calls;
  });
  sluice::spawn(io, broken(count), [&](std::exception_ptr error, std::optional<move_only> value) {
    CHECK(error);
    CHECK_FALSE(value);
    ++calls;
  });
  std::string target = "referred to";
  auto reference = [](std::string& to) -> task<std::string&> { co_return to; };
  sluice::spawn(io, reference(target), [&](std::exception_ptr, std::string value) {
    CHECK(value == target);
    ++calls;
  });
  io.run();
  CHECK(calls == 3);
  CHECK(count.live == 0);
}

TEST_CASE("a move-only handler is fine, and is destroyed with its call", "[launch]") {
  asio::io_context io;
  balance count;
  bool called = false;
  sluice::spawn(io, nothing(), [held = move_only{count}, &called](std::exception_ptr) { called = true; });
  CHECK(count.live == 1);
  io.run();
  CHECK(called);
  CHECK(count.live == 0);
}

TEST_CASE("the cancellation slot stops the task", "[launch]") {
  asio::io_context io;
  event never;
  balance count;
  asio::cancellation_signal signal;
  std::exception_ptr error;
  bool done = false;
  auto const handler = [&](std::exception_ptr why) {
    error = why;
    done = true;
  };
  SECTION("while it waits") {
    sluice::spawn(io, waits(never, count), asio::bind_cancellation_slot(signal.slot(), handler));
    poll(io);
    CHECK(count.live == 1);
    signal.emit(asio::cancellation_type::total);
    CHECK_FALSE(done);
    poll(io);
    CHECK(done);
    CHECK(code_of_error(error) == code::cancelled);
    CHECK(count.live == 0);
  }
  SECTION("before it has begun") {
    sluice::spawn(io, waits(never, count), asio::bind_cancellation_slot(signal.slot(), handler));
    signal.emit(asio::cancellation_type::terminal);
    poll(io);
    CHECK(done);
    CHECK(code_of_error(error) == code::cancelled);
  }
  SECTION("after it has ended: nothing") {
    sluice::spawn(io, nothing(), asio::bind_cancellation_slot(signal.slot(), handler));
    io.run();
    CHECK(done);
    CHECK_FALSE(signal.slot().has_handler());
    signal.emit(asio::cancellation_type::terminal);
  }
  SECTION("after its io_context has gone: nothing") {
    {
      asio::io_context inner;
      sluice::spawn(inner, waits(never, count), asio::bind_cancellation_slot(signal.slot(), handler));
      poll(inner);
      CHECK(count.live == 1);
    }
    CHECK(count.live == 0);
    CHECK_FALSE(done);
  }
  SECTION("emitted by a handler of the same io_context") {
    sluice::spawn(io, waits(never, count), asio::bind_cancellation_slot(signal.slot(), handler));
    asio::post(io, [&] { signal.emit(asio::cancellation_type::partial); });
    poll(io);
    CHECK(done);
  }
}

TEST_CASE("cancelling an Asio coroutine stops the task that it awaits", "[launch]") {
  asio::io_context io;
  event never;
  balance count;
  asio::cancellation_signal signal;
  std::exception_ptr ended;
  auto body = [&]() -> asio::awaitable<void> { co_await waits(never, count)(asio::use_awaitable); };
  asio::co_spawn(io, body, asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr error) {
                   ended = error;
                 }));
  poll(io);
  CHECK(count.live == 1);
  signal.emit(asio::cancellation_type::terminal);
  poll(io);
  CHECK(count.live == 0);
  CHECK(code_of_error(ended) == code::cancelled);
}

TEST_CASE("executors that are not serial are refused", "[launch]") {
  asio::thread_pool pool{1};
  CHECK_THROWS_AS(sluice::coro::scheduler_of(pool.get_executor()), std::invalid_argument);
  CHECK_THROWS_AS(
      sluice::coro::scheduler_of(asio::require(pool.get_executor(), asio::execution::blocking.never)),
      std::invalid_argument);
  CHECK_THROWS_AS(sluice::coro::scheduler_of(
                      asio::prefer(pool.get_executor(), asio::execution::outstanding_work.tracked)),
                  std::invalid_argument);
  CHECK_THROWS_AS(sluice::coro::scheduler_of(asio::system_executor{}), std::invalid_argument);
  CHECK_THROWS_AS(sluice::coro::scheduler_of(asio::any_io_executor{}), std::invalid_argument);
  CHECK(sluice::coro::scheduler_of(asio::make_strand(pool)) != nullptr);
  // A bare callback has no executor.
  CHECK_THROWS_AS(nothing()([](std::exception_ptr) {}), std::invalid_argument);
  pool.join();
}

TEST_CASE("one executor has one scheduler, however it is spelt", "[launch]") {
  asio::io_context io;
  auto const where = sluice::coro::scheduler_of(io.get_executor());
  CHECK(sluice::coro::scheduler_of(io.get_executor()) == where);
  CHECK(sluice::coro::scheduler_of(asio::any_io_executor{io.get_executor()}) == where);
  CHECK(sluice::coro::scheduler_of(
            asio::prefer(io.get_executor(), asio::execution::outstanding_work.tracked)) == where);
  CHECK(sluice::coro::scheduler_of(asio::require(io.get_executor(), asio::execution::blocking.never)) ==
        where);
  auto const strand = asio::make_strand(io);
  auto const of_strand = sluice::coro::scheduler_of(strand);
  CHECK(of_strand != where);
  CHECK(sluice::coro::scheduler_of(strand) == of_strand);
  CHECK(sluice::coro::scheduler_of(asio::make_strand(io)) != of_strand);
}
