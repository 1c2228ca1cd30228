// SPDX-License-Identifier: Apache-2.0
#include "net/time_source.hpp"

#include <boost/asio/io_context.hpp>

#include "support/catch.hpp"
#include "unit/net/run_until.hpp"

using namespace std::chrono_literals;
using namespace sluice;

TEST_CASE("a real timer fires once, after its time, and can be started again") {
  boost::asio::io_context io;
  auto const time = net::real_time();
  auto const timer = time->make_timer(io.get_executor());
  auto const began = time->now();
  int fired = 0;
  timer->start(2ms, [&] {
    if (++fired < 3) timer->start(2ms, [&] { ++fired; });
  });
  io.run();
  CHECK(fired == 2);
  CHECK(time->now() - began >= 4ms);
}

TEST_CASE("a cancelled, restarted or destroyed timer is silent, also when its time has passed") {
  boost::asio::io_context io;
  auto const time = net::real_time();
  auto cancelled = time->make_timer(io.get_executor());
  auto restarted = time->make_timer(io.get_executor());
  auto destroyed = time->make_timer(io.get_executor());
  int wrong = 0;
  int right = 0;
  cancelled->start(0ms, [&] { ++wrong; });
  restarted->start(0ms, [&] { ++wrong; });
  destroyed->start(0ms, [&] { ++wrong; });
  auto judge = time->make_timer(io.get_executor());
  judge->start(-1ms, [&] {  // falls due first, when the others are due already
    cancelled->cancel();
    restarted->start(0ms, [&] { ++right; });
    destroyed.reset();
  });
  io.run();
  CHECK(wrong == 0);
  CHECK(right == 1);
}

TEST_CASE("lengths of time are told in a readable unit") {
  CHECK(net::describe(300us) == "0.3 ms");
  CHECK(net::describe(0ms) == "0.0 ms");
  CHECK(net::describe(250ms) == "250.0 ms");
  CHECK(net::describe(20s) == "20.0 s");
}
