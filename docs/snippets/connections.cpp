// SPDX-License-Identifier: Apache-2.0
// The code of docs/guide/connections.md, compiled, with its facts as tests.
#include "weather.hpp"

#include <sluice/testing/in_process.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;

namespace {

sluice::channel_options pinging() {
  // [client]
  sluice::channel_options options;
  options.keepalive.time = 5min;      // off unless set
  options.keepalive.timeout = 10s;    // for the answer
  // [/client]
  return options;
}

sluice::server_options ageing() {
  // [server]
  sluice::server_options options;
  options.max_connection_idle = 15min;       // without a call
  options.max_connection_age = 1h;           // give or take a tenth
  options.max_connection_age_grace = 5min;   // for the calls that are open then
  options.keepalive.min_ping_interval = 1min;
  // [/server]
  return options;
}

sluice::server_options strict() {
  // [limits]
  sluice::server_options options;
  options.max_concurrent_streams = 100;   // running handlers of one connection
  options.max_connections = 1000;
  options.limits.abuse_burst = 200;
  options.limits.write_timeout = 5s;
  // [/limits]
  return options;
}

}  // namespace

TEST_CASE("connections: the defaults that the page names") {
  CHECK(sluice::channel_options{}.keepalive.time == sluice::duration::max());
  CHECK(sluice::server_options{}.keepalive.time == 2h);
  CHECK(sluice::server_options{}.keepalive.min_ping_interval == 5min);
  CHECK(sluice::channel_options{}.max_header_list_size == 8192);
  CHECK(sluice::peer_limits{}.abuse_burst == 1000);
  CHECK(sluice::peer_limits{}.max_unsent == 65536);
  CHECK(pinging().keepalive.time == 5min);
  CHECK(strict().limits.abuse_burst == 200);
}

namespace {

class Slow final : public weather::WeatherService {
  sluice::task<Report> Now(Place place) override {
    co_await sluice::sleep_for(2h);
    co_return report(place.name(), 20);
  }
};

}  // namespace

TEST_CASE("connections: a call that outlives its connection's age and grace ends with UNAVAILABLE") {
  boost::asio::io_context io;
  sluice::testing::manual_clock clock{io.get_executor()};
  Slow service;
  sluice::server server{io.get_executor(), ageing()};
  server.add(service);
  sluice::channel channel{io.get_executor(), sluice::testing::connect_to(io.get_executor(), server)};
  std::exception_ptr how;
  sluice::spawn(io, WeatherStub{channel}.Now(place("Horta")),
                [&](std::exception_ptr error, Report) { how = error; });
  io.poll();
  for (int minute = 0; minute != 73 && !how; ++minute) {
    clock.advance(1min);
    io.restart();
    io.poll();
  }
  CHECK(how);
}
