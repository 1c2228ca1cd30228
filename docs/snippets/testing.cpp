// SPDX-License-Identifier: Apache-2.0
#include "weather.hpp"

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
