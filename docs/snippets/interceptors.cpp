// SPDX-License-Identifier: Apache-2.0
#include "weather.hpp"

#include <map>
#include <memory>
#include <vector>

namespace {

class Weather final : public weather::WeatherService {
 public:
  int failures = 0;

 private:
  sluice::task<Report> Now(Place place) override {
    if (failures-- > 0) co_return sluice::status{sluice::code::unavailable, "raining"};
    co_return report(place.name(), 20);
  }
};

std::vector<std::string> lines;

// [log]
class Log final : public sluice::client_interceptor {
  sluice::task<sluice::status> intercept(sluice::client_exchange& call, sluice::next_call next) override {
    int responses = 0;
    call.on_response([&](sluice::passing_message&) {
      ++responses;
      return sluice::status{};
    });
    sluice::status const how = co_await next();  // the call
    lines.push_back(std::string{call.method().path} + ": " + how.to_string() + ", " +
                    std::to_string(responses));
    co_return how;
  }
};
// [/log]

// [retry]
class Patient final : public sluice::client_interceptor {
  sluice::task<sluice::status> intercept(sluice::client_exchange& call, sluice::next_call next) override {
    call.keep_requests(64 * 1024);
    sluice::status how = co_await next();
    for (int left = 2; how.code() == sluice::code::unavailable && left != 0 && call.may_retry(); --left) {
      co_await sluice::sleep_for(10ms);
      how = co_await next();
    }
    co_return how;
  }
};
// [/retry]

// [replace]
class Cache final : public sluice::client_interceptor {
  sluice::task<sluice::status> intercept(sluice::client_exchange& call, sluice::next_call next) override {
    std::string const path{call.method().path};
    call.on_response([this, path](sluice::passing_message& message) {
      known_.insert_or_assign(path, sluice::raw_message{message.bytes()});
      return sluice::status{};
    });
    sluice::status const how = co_await next();
    if (how.code() != sluice::code::unavailable || !known_.contains(path)) co_return how;
    call.respond(known_.at(path));
    co_return sluice::status{};
  }
  std::map<std::string, sluice::raw_message> known_;
};
// [/replace]

// [server]
class Gate final : public sluice::server_interceptor {
  sluice::task<sluice::status> intercept(sluice::server_exchange& call, sluice::next_handler next) override {
    auto const tenant = call.call().metadata().get("x-tenant");
    if (!tenant) co_return sluice::status{sluice::code::permission_denied, "say your tenant"};
    sluice::status const how = co_await next();  // the handler
    call.call().add_trailing_metadata("x-served-for", *tenant);
    co_return how;
  }
};
// [/server]

}  // namespace

TEST_CASE("interceptors: log, retry and replace on a channel") {
  boost::asio::io_context io;
  Weather weather;
  sluice::server server{io.get_executor()};
  server.add(weather);
  auto const connect = sluice::testing::connect_to(io.get_executor(), server);
  // [chain]
  sluice::channel_options options;
  options.interceptors = {std::make_shared<Log>(), std::make_shared<Cache>(), std::make_shared<Patient>()};
  sluice::channel channel{io.get_executor(), connect, options};
  // [/chain]
  WeatherStub stub{channel};
  for (int const failures : {0, 2, 3}) {
    weather.failures = failures;
    CHECK(sluice::run(io, stub.Now(place("Horta"))).place() == "Horta");
  }
  CHECK(lines == std::vector<std::string>(3, "/weather.Weather/Now: OK, 1"));
}

TEST_CASE("interceptors: around the handlers of a server") {
  boost::asio::io_context io;
  Weather weather;
  // [served]
  sluice::server server{io.get_executor(), {.interceptors = {std::make_shared<Gate>()}}};
  // [/served]
  server.add(weather);
  sluice::channel channel{io.get_executor(), sluice::testing::connect_to(io.get_executor(), server)};
  WeatherStub stub{channel};
  CHECK(sluice::run(io, sluice::as_result(stub.Now(place("Horta")))).status().message() == "say your tenant");
  auto const with_tenant = sluice::call_options{}.metadata({{"x-tenant", "azores"}});
  CHECK(sluice::run(io, stub.Now(place("Horta"), with_tenant)).degrees() == 20);
}
