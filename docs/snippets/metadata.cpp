// SPDX-License-Identifier: Apache-2.0
#include "weather.hpp"

namespace {

class Weather final : public weather::WeatherService {
  // [handler]
  sluice::task<Report> Now(Place place) override {
    sluice::server_call& call = co_await sluice::this_call;
    auto const id = call.metadata().get("x-request-id");  // the first of that key, or nothing
    if (!id) co_return sluice::status{sluice::code::invalid_argument, "send an x-request-id"};

    call.add_initial_metadata("x-served-by", "weather-7");      // before the response
    call.add_trailing_metadata("x-took-ms", "3");               // with the status
    call.add_trailing_metadata("x-signature-bin", signature());  // "-bin": any bytes
    co_return report(place.name(), 20);
  }
  // [/handler]
  static std::string signature() { return std::string("\0\xff", 2); }

  sluice::generator<Report> Watch(Place place) override {
    sluice::server_call& call = co_await sluice::this_call;
    call.add_initial_metadata("x-served-by", "weather-8");
    call.send_initial_metadata();
    co_yield report(place.name(), 20);
    call.add_trailing_metadata("x-took-ms", "5");
  }
};

sluice::task<std::string> talk(WeatherStub stub) {
  // [client]
  auto const options = sluice::call_options{}.metadata({{"x-request-id", "42"}, {"x-tenant", "azores"}});
  auto call = stub.Now(place("Horta"), options);  // named, to be asked afterwards
  Report const now = co_await call;
  auto const server = call.initial_metadata().get("x-served-by");
  auto const took = call.trailing_metadata().get("x-took-ms");
  // [/client]
  CHECK(call.trailing_metadata().get("x-signature-bin") == std::string("\0\xff", 2));
  CHECK(now.place() == "Horta");
  co_return std::string{server.value()} + " " + std::string{took.value()};
}

sluice::task<std::string> stream(WeatherStub stub) {
  // [stream]
  auto reports = stub.Watch(place("Horta"));
  co_await reports.next();
  std::string const server{reports.initial_metadata().get("x-served-by").value_or("nobody")};  // by now
  while (co_await reports.next() != nullptr) {
  }
  std::string const took{reports.trailing_metadata().get("x-took-ms").value_or("?")};  // at the end
  // [/stream]
  co_return server + " " + took;
}

}  // namespace

TEST_CASE("metadata: both ways") {
  served<Weather> all;
  CHECK(all.run(talk(all.stub)) == "weather-7 3");
  CHECK(all.run(stream(all.stub)) == "weather-8 5");
  auto const without = all.run(sluice::as_result(all.stub.Now(place("Horta"))));
  CHECK(without.status().message() == "send an x-request-id");
}

TEST_CASE("metadata: what cannot travel fails the call, by name") {
  served<Weather> all;
  for (auto const& key : {"grpc-timeout", "no space", ""}) {
    auto const how = all.run(
        sluice::as_result(all.stub.Now(place("Horta"), sluice::call_options{}.metadata(sluice::metadata{}.add(key, "x")))));
    CHECK(how.status().code() == sluice::code::invalid_argument);
  }
}

TEST_CASE("metadata: duplicates keep their order") {
  // [many]
  sluice::metadata entries;
  entries.add("accept-unit", "celsius").add("accept-unit", "kelvin");
  auto const first = entries.get("accept-unit");    // "celsius"
  auto const all = entries.get_all("accept-unit");  // "celsius", "kelvin"
  // [/many]
  CHECK(first == "celsius");
  CHECK(all.size() == 2);
}
