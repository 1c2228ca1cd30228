// SPDX-License-Identifier: Apache-2.0
#include "weather.hpp"

#include <stdexcept>

namespace {

std::string explained;

class Weather final : public weather::WeatherService {
  // [fail]
  sluice::task<Report> Now(Place place) override {
    if (place.name().empty()) co_return sluice::status{sluice::code::invalid_argument, "name a place"};
    if (place.name() == "Atlantis") throw sluice::status_error{sluice::code::not_found, "it sank"};
    co_return report(place.name(), 20);
  }
  sluice::generator<Report> Watch(Place place) override {
    co_yield report(place.name(), 20);
    co_yield sluice::status{sluice::code::out_of_range, "the record ends here"};  // the last line that runs
  }
  // [/fail]
  sluice::task<Summary> Record(sluice::generator<Report>) override {
    // [details]
    Place const nearest = place("Lisbon");  // any message: your own, or one of google.rpc
    co_return sluice::status{sluice::code::failed_precondition, "no more today"}.with_detail(nearest);
    // [/details]
  }
  sluice::generator<Report> Follow(sluice::generator<Place>) override {
    throw std::runtime_error{"secret"};
    co_yield report("", 0);
  }
};

sluice::task<int> caught(WeatherStub stub, Place where) {
  // [throws]
  try {
    Report const now = co_await stub.Now(where);
    explained = now.place();
  } catch (sluice::status_error const& error) {
    explained = error.what();  // "NOT_FOUND: it sank"
    co_return static_cast<int>(error.code());
  }
  // [/throws]
  co_return 0;
}

sluice::task<void> looked_at(WeatherStub stub, Place where) {
  // [result]
  auto const now = co_await sluice::as_result(stub.Now(where));
  if (now)
    explained = now->place();
  else if (now.status().who() == sluice::origin::peer)
    explained = "the server says: " + std::string{now.status().message()};
  else
    explained = "we never heard from it: " + std::string{now.status().message()};
  // [/result]
}

sluice::task<int> streamed(WeatherStub stub) {
  int reports = 0;
  // [stream]
  auto call = stub.Watch(place("Horta"));
  try {
    while (co_await call.next() != nullptr) ++reports;
  } catch (sluice::status_error const&) {
    explained = call.status().to_string();  // what came before the error has been read
  }
  // [/stream]
  co_return reports;
}

sluice::task<void> read_details(WeatherStub stub) {
  // [detail]
  try {
    static_cast<void>(co_await stub.Record().finish());
  } catch (sluice::status_error const& error) {
    if (auto const nearest = error.detail<Place>()) explained = "try " + nearest->name();
    for (auto const& each : error.detail_list()) explained.append(", ").append(each.type_name());
  }
  // [/detail]
}

}  // namespace

TEST_CASE("errors: a handler's failures reach the client") {
  served<Weather> all;
  CHECK(all.run(caught(all.stub, place("Atlantis"))) == 5);
  CHECK(explained == "NOT_FOUND: it sank");
  CHECK(all.run(caught(all.stub, place(""))) == 3);
  CHECK(all.run(caught(all.stub, place("Horta"))) == 0);
  all.run(looked_at(all.stub, place("Atlantis")));
  CHECK(explained == "the server says: it sank");
  CHECK(all.run(streamed(all.stub)) == 1);
  CHECK(explained == "OUT_OF_RANGE: the record ends here");
}

TEST_CASE("errors: details travel, typed") {
  served<Weather> all;
  all.run(read_details(all.stub));
  CHECK(explained == "try Lisbon, weather.Place");
}

TEST_CASE("errors: what a handler throws by accident stays on the server") {
  boost::asio::io_context io;
  Weather weather;
  std::string logged;
  sluice::server_options options;
  options.log = [&](sluice::log_level level, std::string_view text) {
    if (level == sluice::log_level::error) logged = text;
  };
  sluice::server server{io.get_executor(), options};
  server.add(weather);
  sluice::channel channel{io.get_executor(), sluice::testing::connect_to(io.get_executor(), server)};
  auto call = WeatherStub{channel}.Follow();
  auto const how = sluice::run(io, sluice::as_result(call.next()));
  CHECK(how.status().to_string() == "UNKNOWN: exception in the handler");
  CHECK(logged == "/weather.Weather/Follow: exception in the handler: secret");
}

TEST_CASE("errors: nobody listens") {
  boost::asio::io_context io;
  sluice::channel channel{io.get_executor(), "ipv4:127.0.0.1:1"};
  auto const how = sluice::run(io, sluice::as_result(WeatherStub{channel}.Now(place("Horta"))));
  CHECK(how.status().code() == sluice::code::unavailable);
  CHECK(how.status().who() == sluice::origin::local);
  CHECK_THAT(std::string{how.status().message()},
             Catch::Matchers::StartsWith("connect to ipv4:127.0.0.1:1 failed"));
}
