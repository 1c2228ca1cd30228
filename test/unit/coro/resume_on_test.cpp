// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/asio.hpp>
#include <sluice/coro/event.hpp>
#include <sluice/coro/first_of.hpp>
#include <sluice/coro/generator.hpp>
#include <sluice/coro/scope.hpp>
#include <sluice/coro/sleep.hpp>
#include <sluice/coro/when_all.hpp>

#include "unit/coro/support.hpp"

#include "support/catch.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
namespace asio = boost::asio;
using sluice::code;
using sluice::generator;
using sluice::resume_home;
using sluice::resume_on;
using sluice::task;

namespace {

// What is seen on the pool's threads is checked at home: Catch2 2 is not for several threads.
task<std::thread::id> computes_on(asio::thread_pool& pool) {
  co_await resume_on(pool);
  co_return std::this_thread::get_id();
}

}  // namespace

TEST_CASE("a task computes on a pool, and its awaiter goes on at home", "[resume_on]") {
  asio::io_context io;
  asio::thread_pool pool{2};
  auto body = [](asio::thread_pool& other) -> task<> {
    auto const home = std::this_thread::get_id();
    for (int i = 0; i != 200; ++i) {
      auto const away = co_await computes_on(other);
      REQUIRE(away != home);
      REQUIRE(std::this_thread::get_id() == home);
      REQUIRE(sluice::coro::current_context() != nullptr);
      co_await sluice::yield_turn{};
    }
    sluice::scope works_at_home;
    co_await works_at_home.join();
  };
  sluice::run(io, body(pool));
  pool.join();
}

TEST_CASE("resume_on takes an executor too, and resume_home comes back within a task", "[resume_on]") {
  asio::io_context io;
  asio::thread_pool pool{1};
  auto body = [](asio::thread_pool& other) -> task<> {
    auto const home = std::this_thread::get_id();
    co_await resume_home{};  // is there
    CHECK(std::this_thread::get_id() == home);
    for (int i = 0; i != 100; ++i) {
      co_await resume_on(other.get_executor());
      auto const away = std::this_thread::get_id();
      co_await resume_home{};
      REQUIRE(away != home);
      REQUIRE(std::this_thread::get_id() == home);
      co_await sluice::sleep_for(0ms);
    }
  };
  sluice::run(io, body(pool));
  pool.join();
}

TEST_CASE("values and exceptions come home", "[resume_on]") {
  asio::io_context io;
  asio::thread_pool pool{1};
  auto value = [](asio::thread_pool& other) -> task<std::vector<int>> {
    std::vector<int> result{1, 2, 3};
    co_await resume_on(other);
    for (int& each : result) each *= 2;
    co_return result;
  };
  auto throws = [](asio::thread_pool& other) -> task<> {
    co_await resume_on(other);
    throw std::runtime_error{"from the pool"};
  };
  CHECK(sluice::run(io, value(pool)) == std::vector{2, 4, 6});
  CHECK_THROWS_AS(sluice::run(io, throws(pool)), std::runtime_error);
  pool.join();
}

TEST_CASE("what would have to wait away from home is refused, and nothing of home is touched",
          "[resume_on]") {
  asio::io_context io;
  asio::thread_pool pool{1};
  auto body = [](asio::io_context& on, asio::thread_pool& other, bool& began) -> task<std::vector<code>> {
    asio::steady_timer timer{on, 1h};
    sluice::event never;
    auto begins = [](bool& flag) -> task<> {
      flag = true;
      co_return;
    };
    std::vector<code> ended;
    co_await resume_on(other);
    auto const slept = co_await sluice::as_result(sluice::sleep_for(1h));
    ended.push_back(slept.status().code());
    auto const happened = co_await sluice::as_result(never.wait());
    ended.push_back(happened.status().code());
    auto const waited = co_await sluice::as_result(timer.async_wait(asio::deferred));
    ended.push_back(waited.status().code());
    auto const all = co_await sluice::as_result(sluice::when_all(begins(began), begins(began)));
    ended.push_back(all.status().code());
    std::vector<task<>> tasks;
    tasks.push_back(begins(began));
    auto const range = co_await sluice::as_result(sluice::when_all(std::move(tasks)));
    ended.push_back(range.status().code());
    auto const first = co_await sluice::as_result(sluice::first_of(begins(began), begins(began)));
    ended.push_back(first.status().code());
    ended.push_back(sluice::test::code_of([] { sluice::scope const outside; }));
    co_await resume_home{};
    co_return ended;
  };
  bool began = false;
  auto const ended = sluice::run(io, body(io, pool, began));
  std::vector<code> expected{code::cancelled, code::cancelled};
  expected.resize(7, code::failed_precondition);
  CHECK(ended == expected);
  CHECK_FALSE(began);
  pool.join();
}

TEST_CASE("groups of tasks that compute on a pool", "[resume_on]") {
  asio::io_context io;
  asio::thread_pool pool{3};
  auto body = [](asio::thread_pool& other) -> task<> {
    auto const home = std::this_thread::get_id();
    for (int i = 0; i != 50; ++i) {
      std::vector<task<std::thread::id>> tasks;
      for (int j = 0; j != 8; ++j) tasks.push_back(computes_on(other));
      auto const where = co_await sluice::when_all(std::move(tasks));
      for (auto const& each : where) REQUIRE(each != home);
      REQUIRE(std::this_thread::get_id() == home);
    }
    // The change of executor itself as a child.
    co_await sluice::when_all(resume_on(other), resume_on(other));
    REQUIRE(std::this_thread::get_id() == home);
    sluice::scope work;
    work.spawn(resume_on(other));
    co_await work.join();
    REQUIRE(std::this_thread::get_id() == home);
  };
  sluice::run(io, body(pool));
  pool.join();
}

TEST_CASE("a generator computes on a pool, and its consumer stays at home", "[resume_on]") {
  asio::io_context io;
  asio::thread_pool pool{2};
  auto squares = [](asio::thread_pool& other, int last) -> generator<int> {
    for (int i = 1; i <= last; ++i) {
      co_await resume_on(other);
      int const square = i * i;
      co_yield square;
    }
    co_await resume_on(other);
  };
  auto body = [](generator<int> from) -> task<int> {
    auto const home = std::this_thread::get_id();
    int sum = 0;
    while (auto* item = co_await from.next()) {
      REQUIRE(std::this_thread::get_id() == home);
      sum += *item;
    }
    co_return sum;
  };
  CHECK(sluice::run(io, body(squares(pool, 100))) == 338'350);
  pool.join();
}

TEST_CASE("the home of a strand is the strand", "[resume_on]") {
  asio::io_context io;
  asio::thread_pool pool{2};
  auto const strand = asio::make_strand(io);
  bool done = false;
  auto body = [](auto home, asio::thread_pool& other) -> task<bool> {
    bool always = true;
    for (int i = 0; i != 100; ++i) {
      co_await computes_on(other);
      always = always && home.running_in_this_thread();
    }
    co_return always;
  };
  sluice::spawn(strand, body(strand, pool), [&](std::exception_ptr, bool always) {
    CHECK(always);
    done = true;
  });
  std::thread second{[&] { io.run(); }};
  io.run();
  second.join();
  CHECK(done);
  pool.join();
}
