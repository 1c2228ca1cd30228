// SPDX-License-Identifier: Apache-2.0
#include "weather.hpp"

namespace {

class Weather final : public weather::WeatherService {
  sluice::task<Report> Now(Place place) override { co_return report(place.name(), 20); }
};

// [service]
class Anything final : public sluice::generic_service {
  sluice::generator<sluice::raw_message> handle(sluice::generator<sluice::raw_message> requests) override {
    sluice::server_call& call = co_await sluice::this_call;
    while (auto* request = co_await requests.next())
      co_yield sluice::raw_message{std::string{call.method()} + " " + std::to_string(request->size())};
  }
};
// [/service]

class AnythingInJson final : public sluice::generic_service {
  // [accepts]
  bool sluice_accepts_subtype(std::string_view subtype) const noexcept override { return subtype == "json"; }
  // [/accepts]
  sluice::generator<sluice::raw_message> handle(sluice::generator<sluice::raw_message> requests) override {
    while (auto* request = co_await requests.next()) co_yield *request;
  }
};

sluice::task<double> ask(sluice::channel& channel) {
  // [unary]
  sluice::generic_stub any{channel};
  sluice::raw_message const request{place("Horta").SerializeAsString()};
  auto const reply = co_await any.unary("/weather.Weather/Now", request);
  // [/unary]
  Report now;
  CHECK(now.ParseFromString(std::string{reply.text()}));
  co_return now.degrees();
}

sluice::task<std::string> stream(sluice::channel& channel) {
  sluice::generic_stub any{channel};
  // [stream]
  auto call = any.call("/some.Service/Method");
  co_await call.write(sluice::raw_message{"four"});
  auto* const reply = co_await call.next();
  std::string const said{reply->text()};
  co_await call.writes_done();
  // [/stream]
  co_return said;
}

sluice::task<std::string> json(sluice::channel& channel) {
  sluice::generic_stub any{channel};
  // [json]
  auto const options = sluice::call_options{}.content_subtype("json");  // content-type: application/grpc+json
  auto const reply = co_await any.unary("/some.Service/Method", sluice::raw_message{"{}"}, options);
  // [/json]
  co_return std::string{reply.text()};
}

}  // namespace

TEST_CASE("generic: calls and handlers on bytes") {
  boost::asio::io_context io;
  Weather weather;
  Anything anything;
  // [add]
  sluice::server server{io.get_executor()};
  server.add(weather);
  server.add_fallback(anything);
  // [/add]
  sluice::channel channel{io.get_executor(), sluice::testing::connect_to(io.get_executor(), server)};
  CHECK(sluice::run(io, ask(channel)) == 20);
  CHECK(sluice::run(io, stream(channel)) == "/some.Service/Method 4");
}

TEST_CASE("generic: another codec") {
  boost::asio::io_context io;
  AnythingInJson anything;
  sluice::server server{io.get_executor()};
  server.add_fallback(anything);
  sluice::channel channel{io.get_executor(), sluice::testing::connect_to(io.get_executor(), server)};
  CHECK(sluice::run(io, json(channel)) == "{}");
}
