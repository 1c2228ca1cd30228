// SPDX-License-Identifier: Apache-2.0
//
// An executor's context that goes away with tasks suspended in it: every frame is destroyed once, nothing runs again,
// and what the frames own may use the library while it goes.
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

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <vector>

using namespace std::chrono_literals;
namespace asio = boost::asio;
using sluice::event;
using sluice::generator;
using sluice::queue;
using sluice::task;
using sluice::test::balance;
using sluice::test::poll;
using sluice::test::tracked;

namespace {

// The primitives outlive the tasks, as their contract asks.
struct world {
  event never;
  queue<int> empty;
  queue<int> full{1};
  balance count;
  int resumed = 0;
};

task<> waits(world& in) {
  tracked const local{in.count};
  co_await in.never.wait();
  ++in.resumed;
}
task<> pops(world& in) {
  tracked const local{in.count};
  static_cast<void>(co_await in.empty.pop());
  ++in.resumed;
}
task<> pushes(world& in) {
  tracked const local{in.count};
  co_await in.full.push(2);
  ++in.resumed;
}
task<> sleeps(world& in) {
  tracked const local{in.count};
  co_await sluice::sleep_for(1h);
  ++in.resumed;
}
task<> in_asio_timer(world& in, asio::any_io_executor on) {
  tracked const local{in.count};
  asio::steady_timer timer{on, 1h};
  co_await timer.async_wait(asio::deferred);
  ++in.resumed;
}
task<> in_asio_read(world& in, asio::any_io_executor on) {
  tracked const local{in.count};
  asio::local::stream_protocol::socket left{on}, right{on};
  asio::local::connect_pair(left, right);
  std::array<char, 16> buffer;
  co_await left.async_read_some(asio::buffer(buffer), asio::deferred);
  ++in.resumed;
}
task<> in_when_all(world& in) {
  tracked const local{in.count};
  co_await sluice::when_all(waits(in), sleeps(in), pops(in));
  ++in.resumed;
}
task<> in_when_all_vector(world& in) {
  tracked const local{in.count};
  std::vector<task<>> tasks;
  for (int i = 0; i != 5; ++i) tasks.push_back(waits(in));
  co_await sluice::when_all(std::move(tasks));
  ++in.resumed;
}
task<> in_first_of(world& in) {
  tracked const local{in.count};
  co_await sluice::first_of(waits(in), sleeps(in));
  ++in.resumed;
}
task<> in_scope(world& in, asio::any_io_executor on) {
  tracked const local{in.count};
  sluice::scope work;
  work.spawn(waits(in));
  work.spawn(in_asio_timer(in, on));
  work.spawn(in_when_all(in));
  co_await work.join();
  ++in.resumed;
}
task<> beside_scope(world& in, asio::any_io_executor on) {
  tracked const local{in.count};
  sluice::scope work;
  work.spawn(in_asio_read(in, on));
  work.spawn(sleeps(in));
  co_await in.never.wait();
  ++in.resumed;
}
task<> left_scope(world& in, asio::any_io_executor on) {
  sluice::scope work;  // destroyed unjoined: its tasks have yet to end
  work.spawn(in_asio_read(in, on));
  work.spawn(in_when_all(in));
  co_return;
}
generator<int> body_that_waits(world& in) {
  tracked const local{in.count};
  co_yield 1;
  co_await in.never.wait();
  co_yield 2;
}
task<> in_generator(world& in) {
  tracked const local{in.count};
  auto from = body_that_waits(in);
  while (co_await from.next() != nullptr) {}
  ++in.resumed;
}
task<> beside_generator(world& in) {
  auto from = body_that_waits(in);
  co_await from.next();
  co_await waits(in);
}
task<> nested(world& in, int depth) {
  tracked const local{in.count};
  if (depth == 0) co_await waits(in);
  else co_await nested(in, depth - 1);
  ++in.resumed;
}
task<> uses_the_library_while_it_goes(world& in) {
  struct busy {
    ~busy() {
      in.empty.try_push(1);
      in.never.set();
      in.never.reset();
    }
    world& in;
  };
  busy const last{in};
  co_await waits(in);
}

using start = std::function<task<>(world&, asio::any_io_executor)>;
std::vector<std::pair<char const*, start>> all_kinds() {
  return {
      {"event", [](world& in, auto const&) { return waits(in); }},
      {"queue pop", [](world& in, auto const&) { return pops(in); }},
      {"queue push", [](world& in, auto const&) { return pushes(in); }},
      {"sleep", [](world& in, auto const&) { return sleeps(in); }},
      {"asio timer", [](world& in, auto const& on) { return in_asio_timer(in, on); }},
      {"asio read", [](world& in, auto const& on) { return in_asio_read(in, on); }},
      {"when_all", [](world& in, auto const&) { return in_when_all(in); }},
      {"when_all vector", [](world& in, auto const&) { return in_when_all_vector(in); }},
      {"first_of", [](world& in, auto const&) { return in_first_of(in); }},
      {"scope", [](world& in, auto const& on) { return in_scope(in, on); }},
      {"beside a scope", [](world& in, auto const& on) { return beside_scope(in, on); }},
      {"left scope", [](world& in, auto const& on) { return left_scope(in, on); }},
      {"generator", [](world& in, auto const&) { return in_generator(in); }},
      {"beside a generator", [](world& in, auto const&) { return beside_generator(in); }},
      {"nested", [](world& in, auto const&) { return nested(in, 20); }},
      {"busy destructor", [](world& in, auto const&) { return uses_the_library_while_it_goes(in); }},
  };
}

}  // namespace

TEST_CASE("an io_context goes with a task suspended in each primitive", "[teardown]") {
  for (auto const& [name, make] : all_kinds()) {
    CAPTURE(name);
    world in;
    in.full.try_push(1);
    {
      asio::io_context io;
      sluice::spawn(io, make(in, io.get_executor()), [&](std::exception_ptr) {
        if (name != std::string_view{"left scope"}) ++in.resumed;
      });
      io.poll_one();  // the turn in which it starts
      if (name != std::string_view{"left scope"}) CHECK(in.count.live > 0);
    }
    CHECK(in.count.made > 0);
    CHECK(in.count.live == 0);
    CHECK(in.resumed == 0);
    // The primitives are whole.
    in.never.set();
    in.empty.close();
    in.full.close();
  }
}

TEST_CASE("an io_context goes with all of them at once, on two strands", "[teardown]") {
  world in;
  in.full.try_push(1);
  {
    asio::io_context io;
    auto const one = asio::make_strand(io);
    auto const two = asio::make_strand(io);
    for (auto const& [name, make] : all_kinds()) {
      if (name == std::string_view{"busy destructor"} || name == std::string_view{"left scope"}) continue;
      sluice::spawn(one, make(in, one), asio::detached);
    }
    sluice::spawn(two, sleeps(in), asio::detached);
    io.poll();
    CHECK(in.count.live > 30);
  }
  CHECK(in.count.live == 0);
  CHECK(in.resumed == 0);
}

TEST_CASE("an io_context goes before its tasks have begun", "[teardown]") {
  world in;
  balance parameters;
  auto holds = [](tracked, world& inside) -> task<> { co_await waits(inside); };
  {
    asio::io_context io;
    for (int i = 0; i != 3; ++i) sluice::spawn(io, holds(tracked{parameters}, in), asio::detached);
    auto future = sluice::spawn(io, holds(tracked{parameters}, in), asio::use_future);
    CHECK(parameters.live == 4);
  }
  CHECK(parameters.live == 0);
  CHECK(in.count.made == 0);
}

TEST_CASE("an io_context goes while tasks are ready to be resumed", "[teardown]") {
  world in;
  {
    asio::io_context io;
    sluice::spawn(io, waits(in), asio::detached);
    sluice::spawn(io, in_when_all(in), asio::detached);
    io.poll();
    in.never.set();  // their turn is posted, and never runs
  }
  CHECK(in.count.live == 0);
  CHECK(in.resumed == 0);
}

TEST_CASE("who waits for a task that goes is told as Asio does it", "[teardown]") {
  world in;
  std::future<void> broken;
  {
    asio::io_context io;
    broken = sluice::spawn(io, waits(in), asio::use_future);
    auto body = [&]() -> asio::awaitable<void> {
      tracked const local{in.count};
      co_await waits(in)(asio::use_awaitable);
    };
    asio::co_spawn(io, body, asio::detached);
    io.poll();
    CHECK(in.count.live == 3);
  }
  CHECK(in.count.live == 0);
  CHECK_THROWS_AS(broken.get(), std::future_error);
}

TEST_CASE("a thread pool goes with tasks on a strand of it", "[teardown]") {
  world in;
  {
    asio::thread_pool pool{2};
    auto const strand = asio::make_strand(pool);
    std::promise<void> begun;
    auto body = [](world& inside, std::promise<void>& told) -> task<> {
      tracked const local{inside.count};
      sluice::scope work;
      work.spawn(sleeps(inside));
      told.set_value();
      co_await waits(inside);
    };
    sluice::spawn(strand, body(in, begun), asio::detached);
    begun.get_future().wait();
    pool.stop();
    pool.join();
  }
  CHECK(in.count.live == 0);
  CHECK(in.resumed == 0);
}

TEST_CASE("two io_contexts go with tasks that wait across them", "[teardown]") {
  world in;
  {
    asio::io_context near;  // Asio's rule: a handler's context outlives the operation's
    asio::io_context far;
    auto body = [](asio::io_context& other, world& inside) -> task<> {
      tracked const local{inside.count};
      co_await sluice::spawn(other, waits(inside), asio::deferred);
      ++inside.resumed;
    };
    sluice::spawn(near, body(far, in), asio::detached);
    near.poll();
    far.poll();
    CHECK(in.count.live == 2);
  }
  CHECK(in.count.live == 0);
  CHECK(in.resumed == 0);
}
