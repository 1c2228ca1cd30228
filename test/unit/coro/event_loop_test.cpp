// SPDX-License-Identifier: Apache-2.0
//
// An event_loop is an io_context, and an executor comes as any of its types.
#include <sluice/coro/asio.hpp>
#include <sluice/coro/event_loop.hpp>
#include <sluice/coro/serial_executor.hpp>
#include <sluice/coro/sleep.hpp>

#include "support/catch.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <csignal>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
using sluice::event_loop;
using sluice::serial_executor;

namespace {

sluice::task<int> value_of(int value) {
  co_await sluice::yield_turn{};
  co_return value;
}

}  // namespace

TEST_CASE("an event loop runs a task, as an io_context does", "[event_loop]") {
  event_loop loop;
  CHECK(sluice::run(loop, value_of(3)) == 3);
  CHECK(sluice::run(loop.context(), value_of(4)) == 4);
}

TEST_CASE("an event loop runs until nothing is left, and again", "[event_loop]") {
  event_loop loop;
  int runs = 0;
  for (int i = 0; i != 2; ++i) {
    asio::post(loop.context(), [&] { ++runs; });
    loop.run();
  }
  CHECK(runs == 2);
}

TEST_CASE("a stopped event loop leaves what is left", "[event_loop]") {
  event_loop loop;
  bool ran = false;
  asio::post(loop.context(), [&] { loop.stop(); });
  asio::post(loop.context(), [&] { ran = true; });
  loop.run();
  CHECK_FALSE(ran);
}

TEST_CASE("what a handler throws comes out of run", "[event_loop]") {
  event_loop loop;
  asio::post(loop.context(), [] { throw std::runtime_error{"x"}; });
  CHECK_THROWS_AS(loop.run(), std::runtime_error);
}

TEST_CASE("an event loop waits for a signal, and answers the first", "[event_loop]") {
  event_loop loop;
  int calls = 0;
  loop.on_signal({SIGUSR1, SIGUSR2}, [&] { calls += 100; });
  loop.on_signal({SIGUSR1, SIGUSR2}, [&] { ++calls; });
  asio::post(loop.context(), [] { std::raise(SIGUSR2); });
  loop.run();
  CHECK(calls == 1);
}

TEST_CASE("the newest of those who wait for signals holds, also when one has come", "[event_loop]") {
  event_loop loop;
  std::string called;
  loop.on_signal({SIGUSR1}, [&] { called += 'a'; });
  asio::post(loop.context(), [&] {
    std::raise(SIGUSR1);
    loop.context().poll_one();  // its end is queued
    loop.on_signal({SIGUSR2}, [&] { called += 'b'; });
    asio::post(loop.context(), [] { std::raise(SIGUSR2); });
  });
  loop.run();
  CHECK(called == "b");
}

TEST_CASE("what is no signal leaves those that are waited for as they are", "[event_loop]") {
  event_loop loop;
  int calls = 0;
  loop.on_signal({SIGUSR1}, [&] { ++calls; });
  CHECK_THROWS_AS(loop.on_signal({SIGUSR2, SIGKILL}, [] {}), boost::system::system_error);
  asio::post(loop.context(), [] { std::raise(SIGUSR1); });
  loop.run();
  CHECK(calls == 1);
}

TEST_CASE("a handler of a signal may ask for the next one", "[event_loop]") {
  event_loop loop;
  int calls = 0;
  loop.on_signal({SIGUSR1}, [&] {
    ++calls;
    loop.on_signal({SIGUSR1}, [&] { ++calls; });
    std::raise(SIGUSR1);
  });
  asio::post(loop.context(), [] { std::raise(SIGUSR1); });
  loop.run();
  CHECK(calls == 2);
}

TEST_CASE("a serial executor is the one that it was made from", "[event_loop]") {
  asio::io_context io;
  asio::any_io_executor const plain{io.get_executor()};
  CHECK(serial_executor{io}.get() == plain);
  CHECK(serial_executor{io.get_executor()}.get() == plain);
  CHECK(serial_executor{plain}.get() == plain);
  auto const strand = asio::make_strand(io);
  CHECK(serial_executor{strand}.get() == asio::any_io_executor{strand});
  event_loop loop;
  CHECK(serial_executor{loop}.get() == asio::any_io_executor{loop.context().get_executor()});
}

TEST_CASE("a serial executor keeps what an io_context's executor was required to do", "[event_loop]") {
  asio::io_context io;
  auto const tracked = asio::require(io.get_executor(), asio::execution::outstanding_work.tracked);
  CHECK(serial_executor{tracked}.get() == asio::any_io_executor{tracked});
}
