// SPDX-License-Identifier: Apache-2.0
#include <sluice/client/calls.hpp>
#include <sluice/coro/event.hpp>
#include <sluice/coro/sleep.hpp>
#include <sluice/testing/world.hpp>

#include "dialogue/text_service.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <vector>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;
using sluice::testing::random_numbers;
using sluice::testing::world;
using sluice::testing::world_error;
using sluice::testing::world_faults;

namespace {

// A world with one server and one channel to it.
struct small_world {
  explicit small_world(std::uint64_t seed, world_faults faults) : in{seed, faults} { open(); }
  explicit small_world(std::uint64_t seed) : in{seed} { open(); }
  void open() {
    served.add(handlers);
    in.listen(served, "text");
  }
  task<std::string> ask(std::string what, call_options options = {}) {
    unary_call<text> call{through, text_service::unary_method, text{std::move(what)}, std::move(options)};
    auto const answer = co_await as_result(call);
    co_return answer ? answer->value : answer.status().to_string();
  }
  static server_options quiet() {
    server_options options;
    options.log = {};
    return options;
  }
  static channel_options quiet_channel() {
    channel_options options;
    options.log = {};
    return options;
  }

  world in;
  text_service handlers;
  server served{in.executor(), quiet()};
  channel through{in.executor(), in.connector_to("text"), quiet_channel()};
};

world_faults everything() {
  world_faults faults;
  faults.split = faults.delay = 0.5;
  faults.slow = faults.reset = faults.half_close = faults.blackhole = faults.refuse = 0.2;
  faults.goaway = faults.rst = faults.settings = faults.ping = 0.05;
  faults.clock_jump = faults.reorder = 0.3;
  faults.stop = 0.01;
  return faults;
}

task<void> many_calls(small_world& w, std::vector<std::string>& answers) {
  for (int i = 0; i != 50; ++i)
    answers.push_back(
        co_await w.ask("question " + std::to_string(i), call_options{}.wait_for_ready().timeout(1min)));
}

task<void> sleep_then(duration time) { co_await sleep_for(time); }
task<int> sleep_and_give(duration time, int value) {
  co_await sleep_for(time);
  co_return value;
}
task<void> wait_for_ever(event& never) { co_await never.wait(); }

}  // namespace

TEST_CASE("a call goes through a world without faults, and takes no time") {
  small_world w{1, {}};
  CHECK(w.in.run(w.ask("hello")) == "hello");
  CHECK(w.in.elapsed() == 0s);
  CHECK(w.in.faults().to_string() == "none");
}

TEST_CASE("time passes at once when nothing else can happen, and only then") {
  world w{1, {}};
  w.run(sleep_then(1h));
  CHECK(w.elapsed() >= 1h);
  CHECK(w.elapsed() < 1h + 2ms);
  w.run_for(90s);
  CHECK(w.elapsed() < 1h + 90s + 2ms);
}

TEST_CASE("the same seed gives the same run, another one another") {
  auto const play = [](std::uint64_t seed) {
    small_world w{seed, everything()};
    std::vector<std::string> answers;
    w.in.run(many_calls(w, answers));
    answers.push_back(std::to_string(w.in.trace_hash()));
    return answers;
  };
  for (std::uint64_t seed = 1; seed != 6; ++seed) {
    CAPTURE(seed);
    auto const once = play(seed);
    CHECK(play(seed) == once);
    CHECK(play(seed + 100).back() != once.back());
  }
}

TEST_CASE("a task that nothing can end is told apart from one that takes its time") {
  world w{1, {}};
  event never;
  CHECK_THROWS_AS(w.run(wait_for_ever(never)), world_error);
  never.set();
  w.run(sleep_then(24h));
}

TEST_CASE("a name that nobody listens under is refused, and served again after a listen") {
  small_world w{1, {}};
  w.in.stop_listening("text");
  CHECK(w.in.run(w.ask("hello")).starts_with("UNAVAILABLE"));
  w.in.listen(w.served, "text");
  CHECK(w.in.run(w.ask("hello", call_options{}.wait_for_ready())) == "hello");
  CHECK(w.in.open_connections() == 1);
  w.through.close();
  CHECK(w.in.settle());
  CHECK(w.in.open_connections() == 0);
}

TEST_CASE("each fault of a world happens, and calls end all the same") {
  struct row {
    char const* name;
    void (*set)(world_faults&);
    char const* traced;  // what the trace says of it
  };
  for (auto const& [name, set, traced] : std::vector<row>{
           {"reset", [](world_faults& f) { f.reset = 1; }, "broke"},
           {"half_close", [](world_faults& f) { f.half_close = 1; }, "ends"},
           {"blackhole", [](world_faults& f) { f.blackhole = 1; }, "falls silent"},
           {"refuse", [](world_faults& f) { f.refuse = 0.5; }, "refused"},
           {"split", [](world_faults& f) { f.split = 1; }, " 1 bytes"},
           {"goaway", [](world_faults& f) { f.goaway = 0.1; }, "GOAWAY to the client"},
           {"rst", [](world_faults& f) { f.rst = 0.1; }, "RST_STREAM to the server"},
           {"settings", [](world_faults& f) { f.settings = 0.1; }, "SETTINGS to the"},
           {"ping", [](world_faults& f) { f.ping = 0.1; }, "PING to the"},
       }) {
    CAPTURE(name);
    world_faults faults;
    set(faults);
    bool seen = false;
    small_world w{7, faults};
    w.in.on_trace([&](std::string_view line) { seen = seen || line.find(traced) != std::string_view::npos; });
    std::vector<std::string> answers;
    w.in.run(many_calls(w, answers));
    CHECK(answers.size() == 50);
    CHECK(seen);
    CHECK(w.in.violations().empty());
    w.in.heal();
    CHECK(w.in.run(w.ask("whole again", call_options{}.wait_for_ready())) == "whole again");
  }
}

TEST_CASE("a task at risk is stopped at some time, or ends as it would") {
  world_faults faults;
  faults.stop = 0.2;
  int stopped = 0;
  for (std::uint64_t seed = 1; seed != 20; ++seed) {
    world w{seed, faults};
    auto const how = w.run(as_result(w.at_risk(sleep_and_give(1s, 42))));
    if (how) CHECK(*how == 42);
    else CHECK(how.status().code() == code::cancelled);
    stopped += how ? 0 : 1;
  }
  CHECK(stopped != 0);
  CHECK(stopped != 19);
  world calm{1, {}};
  CHECK(calm.run(calm.at_risk(sleep_and_give(1s, 42))) == 42);
}

TEST_CASE("a clock that jumps fires timers late, never early") {
  world_faults faults;
  faults.clock_jump = 1;
  faults.max_jump = 10s;
  world w{3, faults};
  w.run(sleep_then(1s));
  CHECK(w.elapsed() >= 1s);
  CHECK(w.elapsed() > 1s + 1ms);
  CHECK(w.elapsed() <= 11s + 1ms);
}

TEST_CASE("random numbers are the seed's, on every machine") {
  random_numbers numbers{1};
  CHECK(numbers.next() == 2469588189546311528U);
  CHECK(random_numbers{2}.next() != random_numbers{1}.next());
  for (int i = 0; i != 1000; ++i) {
    CHECK(numbers.below(7) < 7);
    auto const between = numbers.between(3, 5);
    CHECK((between >= 3 && between <= 5));
    CHECK(numbers.skewed(100) <= 100);
  }
  CHECK(numbers.below(0) == 0);
  CHECK_FALSE(numbers.chance(0));
  CHECK(numbers.chance(1));
}
