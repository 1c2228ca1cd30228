// SPDX-License-Identifier: Apache-2.0
#include "weather.hpp"

#include <sluice/testing/world.hpp>

#include <optional>

namespace {

// Takes an hour.
class Weather final : public weather::WeatherService {
  sluice::task<Report> Now(Place place) override {
    co_await sluice::sleep_for(1h);
    co_return report(place.name(), 20);
  }
};

// Answers at once.
class WeatherNow final : public weather::WeatherService {
  sluice::task<Report> Now(Place place) override { co_return report(place.name(), 20); }
};

}  // namespace

TEST_CASE("testing: a service in memory, on a clock of the test's") {
  // [fixture]
  boost::asio::io_context io;
  sluice::testing::manual_clock clock{io.get_executor()};
  Weather weather;
  sluice::server server{io.get_executor()};
  server.add(weather);
  sluice::channel channel{io.get_executor(), sluice::testing::connect_to(io.get_executor(), server)};
  weather::WeatherStub stub{channel};
  // [/fixture]

  // [hour]
  std::optional<Report> now;  // the handler takes an hour
  sluice::spawn(io, stub.Now(place("Horta")), [&](std::exception_ptr, Report reply) { now = reply; });
  io.poll();  // everything that needs no time
  CHECK_FALSE(now);
  clock.advance(1h);
  io.restart();
  io.poll();
  REQUIRE(now);
  CHECK(now->degrees() == 20);
  // [/hour]
}

TEST_CASE("testing: a connection that breaks") {
  WeatherNow weather;
  boost::asio::io_context io;
  sluice::server server{io.get_executor()};
  server.add(weather);
  // [fault]
  sluice::testing::pipe_options faults;
  faults.first.fail_read = 2;  // the client's second read: connection reset
  sluice::channel channel{io.get_executor(), sluice::testing::connect_to(io.get_executor(), server, faults)};
  auto const how = sluice::run(io, sluice::as_result(weather::WeatherStub{channel}.Now(place("Horta"))));
  CHECK(how.status().code() == sluice::code::unavailable);
  // [/fault]
}

namespace {

// [worlds]
// Everything that a user of the service relies on, whatever the network does.
sluice::task<void> ask_ten_times(sluice::channel& channel) {
  weather::WeatherStub stub{channel};
  for (int i = 0; i != 10; ++i) {
    auto const how = co_await sluice::as_result(
        stub.Now(place("Horta"), sluice::call_options{}.wait_for_ready().timeout(10s)));
    if (how) CHECK(how->place() == "Horta");  // late, or not at all, but never another's
  }
}
// [/worlds]

}  // namespace

TEST_CASE("testing: worlds") {
  std::uint64_t const first = 1;
  std::uint64_t const last = 20;
  // [seeds]
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    CAPTURE(seed);
    sluice::testing::world world{seed};
    WeatherNow weather;
    sluice::server server{world.executor()};
    server.add(weather);
    world.listen(server, "weather");
    sluice::channel channel{world.executor(), world.connector_to("weather"), {.log = {}}};

    world.run(ask_ten_times(channel));
    world.heal();  // no more faults ...
    world.run_for(1min);  // ... and when that has come round, everything has to work
    world.run(weather::WeatherStub{channel}.Now(place("Horta"), sluice::call_options{}.wait_for_ready()));
    CHECK(server.active_calls() == 0);
  }
  // [/seeds]
  // [chosen]
  sluice::testing::world_faults faults;
  faults.split = 0.5;   // every other read and write moves a few bytes
  faults.reset = 0.1;   // one connection of ten breaks at some byte
  faults.reorder = 0.2; // of the coroutines that are ready another one goes first
  sluice::testing::world world{4711, faults};
  world.on_trace([](std::string_view line) { UNSCOPED_INFO(line); });
  // [/chosen]
  CHECK(world.elapsed() == 0s);
}
