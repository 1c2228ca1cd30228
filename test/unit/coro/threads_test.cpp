// SPDX-License-Identifier: Apache-2.0
//
// Tasks on strands of a multi-threaded io_context and of a thread pool. Run under ThreadSanitizer: nothing here is atomic
// but what is counted across strands.
#include <sluice/coro/asio.hpp>
#include <sluice/coro/event.hpp>
#include <sluice/coro/first_of.hpp>
#include <sluice/coro/generator.hpp>
#include <sluice/coro/queue.hpp>
#include <sluice/coro/scope.hpp>
#include <sluice/coro/sleep.hpp>
#include <sluice/coro/when_all.hpp>

#include "unit/coro/support.hpp"

#include "support/catch.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
namespace asio = boost::asio;
using sluice::event;
using sluice::generator;
using sluice::queue;
using sluice::task;

namespace {

// Everything that runs on one strand: plain values, written by whichever thread the strand is on.
struct strand_state {
  queue<int> items{4};
  event done;
  long popped = 0;
  int ticks = 0;
};

task<> produces(strand_state& on, int count) {
  for (int i = 1; i <= count; ++i) {
    co_await on.items.push(i);
    if (i % 16 == 0) co_await sluice::sleep_for(100us);
  }
  on.items.close();
}
task<> consumes(strand_state& on) {
  while (auto item = co_await on.items.pop()) on.popped += *item;
  on.done.set();
}
generator<int> ticks(asio::any_io_executor where, int count) {
  asio::steady_timer timer{where};
  for (int i = 0; i != count; ++i) {
    timer.expires_after(50us);
    co_await timer.async_wait(asio::deferred);
    co_yield i;
  }
}
task<> counts(strand_state& on, generator<int> from) {
  while (auto const* item = co_await from.next()) on.ticks += *item >= 0 ? 1 : 0;
}
task<long> everything(std::unique_ptr<strand_state> on, asio::any_io_executor where) {
  sluice::scope work;
  work.spawn(produces(*on, 200));
  work.spawn(consumes(*on));
  co_await sluice::when_all(counts(*on, ticks(where, 20)), on->done.wait());
  auto const raced = co_await sluice::first_of(sluice::sleep_for(1h), sluice::sleep_for(1ms));
  static_cast<void>(raced);
  co_await work.join();
  co_return on->popped * 1000 + on->ticks;
}
constexpr long expected = 200L * 201 / 2 * 1000 + 20;

}  // namespace

TEST_CASE("tasks on strands of a multi-threaded io_context", "[threads]") {
  asio::io_context io;
  std::vector<std::future<long>> results;
  for (int i = 0; i != 6; ++i) {
    auto const strand = asio::make_strand(io);
    results.push_back(
        sluice::spawn(strand, everything(std::make_unique<strand_state>(), strand), asio::use_future));
  }
  std::vector<std::thread> threads;
  for (int i = 0; i != 3; ++i) threads.emplace_back([&] { io.run(); });
  for (auto& each : results) CHECK(each.get() == expected);
  for (auto& each : threads) each.join();  // run returns: no timer is left behind
}

TEST_CASE("tasks on strands of a thread pool, spawned from another thread while it runs", "[threads]") {
  asio::thread_pool pool{3};
  std::vector<std::future<long>> results;
  for (int i = 0; i != 6; ++i) {
    auto const strand = asio::make_strand(pool);
    results.push_back(
        sluice::spawn(strand, everything(std::make_unique<strand_state>(), strand), asio::use_future));
  }
  for (auto& each : results) CHECK(each.get() == expected);
  pool.join();
}

TEST_CASE("many threads spawn onto one strand", "[threads]") {
  asio::thread_pool pool{2};
  auto const strand = asio::make_strand(pool);
  int on_strand = 0;  // the strand's
  auto body = [](int& count) -> task<> {
    ++count;
    co_await sluice::yield_turn{};
    ++count;
  };
  std::vector<std::thread> threads;
  std::atomic<int> completed = 0;
  for (int i = 0; i != 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j != 100; ++j)
        sluice::spawn(strand, body(on_strand), [&](std::exception_ptr) { ++completed; });
    });
  for (auto& each : threads) each.join();
  pool.join();
  CHECK(completed == 400);
  CHECK(on_strand == 800);
}

TEST_CASE("a task on one strand awaits tasks on others, and stops them", "[threads]") {
  asio::thread_pool pool{3};
  auto const home = asio::make_strand(pool);
  auto far = [](int value) -> task<int> {
    co_await sluice::sleep_for(1ms);
    co_return value;
  };
  auto body = [](asio::thread_pool& on, auto work) -> task<int> {
    int sum = 0;
    for (int i = 0; i != 10; ++i) {
      auto const one = asio::make_strand(on);
      auto const two = asio::make_strand(on);
      auto [a, b] = co_await sluice::when_all(sluice::spawn(one, work(1), asio::deferred),
                                              sluice::spawn(two, work(2), asio::deferred));
      sum += a + b;
      // The loser is stopped across strands, and joined.
      auto endless = []() -> task<int> {
        co_await sluice::sleep_for(1h);
        co_return 0;
      };
      sum += co_await sluice::first_of(sluice::spawn(one, endless(), asio::deferred),
                                       sluice::spawn(two, work(10), asio::deferred));
    }
    co_return sum;
  };
  auto result = sluice::spawn(home, body(pool, far), asio::use_future);
  CHECK(result.get() == 130);
  pool.join();
}

TEST_CASE("a signal on the handler's executor stops a task on another one, whenever it comes", "[threads]") {
  asio::thread_pool pool{3};
  for (int i = 0; i != 100; ++i) {
    auto const runs = asio::make_strand(pool);
    auto const completes = asio::make_strand(pool);
    auto signal = std::make_unique<asio::cancellation_signal>();
    std::promise<void> ended;
    auto body = [](int turns) -> task<> {
      for (int j = 0; j != turns; ++j) co_await sluice::yield_turn{};
      if (turns % 2 == 0) co_await sluice::sleep_for(1h);
    };
    sluice::spawn(
        runs, body(i),
        asio::bind_executor(completes, asio::bind_cancellation_slot(
                                           signal->slot(), [&](std::exception_ptr) { ended.set_value(); })));
    asio::post(completes, [&] { signal->emit(asio::cancellation_type::terminal); });
    ended.get_future().wait();
    // The emission may still be under way on its strand.
    std::promise<void> settled;
    asio::post(completes, [&] { settled.set_value(); });
    settled.get_future().wait();
  }
  pool.join();
}
