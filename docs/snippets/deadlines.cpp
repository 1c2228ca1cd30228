// SPDX-License-Identifier: Apache-2.0
#include "weather.hpp"

#include <optional>

namespace {

sluice::stop_reason stopped_by = sluice::stop_reason::none;
bool cleaned_up = false;

struct instrument {
  ~instrument() { cleaned_up = true; }
};

class Slow final : public weather::WeatherService {
  // [slow]
  sluice::task<Report> Now(Place place) override {
    instrument const mine{};            // given back however this ends
    co_await sluice::sleep_for(1min);   // stopped when the call is: throws status_error
    co_return report(place.name(), 20);
  }
  // [/slow]

  // [why]
  sluice::generator<Report> Watch(Place place) override {
    sluice::stop_token const stop = co_await sluice::this_stop;
    sluice::stop_callback const told{stop, [](sluice::stop_reason why) { stopped_by = why; }};
    for (;;) {
      co_yield report(place.name(), 20);
      co_await sluice::sleep_for(1s);
    }
  }
  // [/why]
};

sluice::task<sluice::status> ask(WeatherStub stub) {
  // [timeout]
  auto const options = sluice::call_options{}.timeout(200ms);
  auto const now = co_await sluice::as_result(stub.Now(place("Horta"), options));
  if (!now && now.status().code() == sluice::code::deadline_exceeded) co_return now.status();
  // [/timeout]
  co_return sluice::status{};
}

sluice::task<sluice::status> cancel(WeatherStub stub) {
  // [cancel]
  auto reports = stub.Watch(place("Horta"));
  co_await reports.next();
  reports.cancel();  // RST_STREAM to the server; what waits for the call is resumed
  // [/cancel]
  co_await sluice::yield_turn{};
  co_return reports.status();
}

class Front final : public weather::WeatherService {
 public:
  explicit Front(sluice::channel& to) : back_{to} {}

 private:
  // [inherit]
  sluice::task<Report> Now(Place place) override {
    // At most what is left of our own caller's time, although this says an hour.
    co_return co_await back_.Now(place, sluice::call_options{}.timeout(1h));
  }
  // [/inherit]
  WeatherStub back_;
};

sluice::task<std::string> race(WeatherStub primary, WeatherStub replica) {
  // [first_of]
  // The first that answers wins; the other is cancelled, and has ended before this goes on.
  Report const now = co_await sluice::first_of(primary.Now(place("Horta")), replica.Now(place("Horta")));
  // [/first_of]
  co_return now.place();
}

class Quick final : public weather::WeatherService {
  sluice::task<Report> Now(Place) override { co_return report("quick", 20); }
};

sluice::task<double> both(WeatherStub stub) {
  // [when_all]
  // Side by side. If one fails, the other is cancelled and joined, and the failure is thrown here.
  auto const [here, there] = co_await sluice::when_all(stub.Now(place("Horta")), stub.Now(place("Praia")));
  // [/when_all]
  co_return here.degrees() + there.degrees();
}

}  // namespace

TEST_CASE("deadlines: a timeout ends the call and the handler") {
  cleaned_up = false;
  served<Slow> all;
  CHECK(all.run(ask(all.stub)).code() == sluice::code::deadline_exceeded);
  all.run(all.server.shutdown(1s));
  CHECK(cleaned_up);
}

TEST_CASE("deadlines: a cancel reaches the handler with its reason") {
  stopped_by = sluice::stop_reason::none;
  served<Slow> all;
  CHECK(all.run(cancel(all.stub)).code() == sluice::code::cancelled);
  all.run(all.server.shutdown(1s));
  CHECK(stopped_by == sluice::stop_reason::client_cancelled);
}

TEST_CASE("deadlines: a handler's calls inherit what is left") {
  cleaned_up = false;
  served<Slow> back;
  Front front{back.channel};
  sluice::server server{back.io.get_executor()};
  server.add(front);
  sluice::channel channel{back.io.get_executor(), sluice::testing::connect_to(back.io.get_executor(), server)};
  CHECK(back.run(ask(WeatherStub{channel})).code() == sluice::code::deadline_exceeded);
  back.run(back.server.shutdown(1s));
  CHECK(cleaned_up);
}

TEST_CASE("deadlines: a race is won by the quick one, and groups join") {
  served<Slow> slow;
  Quick quick;
  sluice::server server{slow.io.get_executor()};
  server.add(quick);
  sluice::channel channel{slow.io.get_executor(), sluice::testing::connect_to(slow.io.get_executor(), server)};
  CHECK(slow.run(race(slow.stub, WeatherStub{channel})) == "quick");
  CHECK(slow.run(both(WeatherStub{channel})) == 40);
}
