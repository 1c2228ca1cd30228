// SPDX-License-Identifier: Apache-2.0
#include "weather.hpp"

// [include]
#include <sluice/services/reflection.hpp>
// [/include]

namespace {

class Weather final : public weather::WeatherService {};

// [names]
class Directory final : public weather::WeatherService {
  sluice::task<Report> Now(Place) override {
    sluice::server_call& call = co_await sluice::this_call;
    std::string names;
    for (auto const name : call.services()) names.append(name).append("\n");
    co_return report(names, 0);
  }
};
// [/names]

}  // namespace

TEST_CASE("reflection: it is added like any other service") {
  boost::asio::io_context io;
  // [add]
  Weather weather;
  sluice::reflection_service reflection;
  sluice::server server{io.get_executor()};
  server.add(weather);
  server.add(reflection);
  server.listen("127.0.0.1:0");
  // [/add]
}

TEST_CASE("reflection: a handler may ask for the names itself") {
  served<Directory> all;
  sluice::reflection_service reflection;
  all.server.add(reflection);
  CHECK(all.run(all.stub.Now(place("Horta"))).place() ==
        "grpc.reflection.v1.ServerReflection\ngrpc.reflection.v1alpha.ServerReflection\nweather.Weather\n");
}
