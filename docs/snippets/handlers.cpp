// SPDX-License-Identifier: Apache-2.0
#include "weather.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <csignal>
#include <map>
#include <thread>

namespace {

// [service]
class Weather final : public weather::WeatherService {
  sluice::task<Report> Now(Place place) override {
    auto const found = degrees_.find(place.name());
    if (found == degrees_.end())
      co_return sluice::status{sluice::code::not_found, "no place called " + place.name()};
    Report report;
    report.set_place(place.name());
    report.set_degrees(found->second);
    co_return report;
  }

  std::map<std::string, double> degrees_{{"Horta", 19.5}, {"Praia", 18.0}};
};
// [/service]

std::string seen;

class Curious final : public weather::WeatherService {
  // [this_call]
  sluice::task<Report> Now(Place place) override {
    sluice::server_call& call = co_await sluice::this_call;
    seen = std::string{call.method()} + " from " + call.peer();
    co_return co_await measure(std::move(place));
  }
  // [/this_call]
  static sluice::task<Report> measure(Place where) { co_return report(where.name(), 20); }
};

Report simulate(Place const& where) { return report(where.name(), 21); }

class Heavy final : public weather::WeatherService {
  // [heavy]
  sluice::task<Report> Now(Place place) override {
    co_await sluice::resume_on{pool_};  // a boost::asio::thread_pool
    Report report = simulate(place);    // computes for a second; awaits nothing
    co_await sluice::resume_home{};     // and back, to await again
    co_return report;
  }
  // [/heavy]
  boost::asio::thread_pool pool_{1};
};

class Patient final : public weather::WeatherService {
  // [drain]
  sluice::generator<Report> Watch(Place place) override {
    sluice::server_call& call = co_await sluice::this_call;
    while (!call.drain().stop_requested()) {
      co_yield measure(place);
      co_await sluice::sleep_for(20ms);
    }
  }
  // [/drain]
  static Report measure(Place const& where) { return report(where.name(), 22); }
};

sluice::task<int> count(WeatherStub stub) {
  int reports = 0;
  auto watch = stub.Watch(place("Horta"));
  while (co_await watch.next() != nullptr) ++reports;
  co_return reports;
}

}  // namespace

TEST_CASE("handlers: a unary handler answers, or fails by a status") {
  served<Weather> all;
  CHECK(all.run(all.stub.Now(place("Horta"))).degrees() == 19.5);
  auto const nowhere = all.run(sluice::as_result(all.stub.Now(place("Atlantis"))));
  CHECK(nowhere.status() == sluice::status{sluice::code::not_found, "no place called Atlantis"});
  auto watch = all.stub.Watch(place("Horta"));
  CHECK_THROWS_WITH(all.run(watch.next()), "UNIMPLEMENTED: method /weather.Weather/Watch is not implemented");
}

TEST_CASE("handlers: this_call is the call being served") {
  served<Curious> all;
  CHECK(all.run(all.stub.Now(place("Horta"))).degrees() == 20);
  CHECK(seen == "/weather.Weather/Now from pipe");
}

TEST_CASE("handlers: heavy work goes elsewhere and comes back") {
  served<Heavy> all;
  CHECK(all.run(all.stub.Now(place("Horta"))).degrees() == 21);
}

TEST_CASE("handlers: a drain ends a long stream in good order") {
  served<Patient> all;
  int reports = -1;
  std::exception_ptr failure;
  sluice::spawn(all.io, count(all.stub), [&](std::exception_ptr error, int n) {
    failure = error;
    reports = n;
  });
  while (all.server.active_calls() == 0) all.io.run_one();
  all.run(all.server.shutdown(10s));
  while (reports < 0) all.io.run_one();
  CHECK_FALSE(failure);
  CHECK(reports >= 1);
}

TEST_CASE("handlers: a server listens and stops") {
  // [serve]
  boost::asio::io_context io;
  Weather weather;
  sluice::server server{io.get_executor(), {.max_receive_size = 16 * 1024 * 1024}};
  server.add(weather);
  std::string const where = server.listen("127.0.0.1:0");  // "ipv4:127.0.0.1:40123": the system chose the port

  boost::asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](boost::system::error_code error, int) {
    if (!error) server.stop(5s);  // calls may end within five seconds
  });
  // [/serve]
  CHECK(where.starts_with("ipv4:127.0.0.1:"));
  std::raise(SIGTERM);
  // [run]
  io.run();  // returns when the server has stopped
  // [/run]
  CHECK(server.connections() == 0);
}

TEST_CASE("handlers: a server on a loop of sluice's") {
  Weather weather;
  // [event_loop]
  sluice::event_loop loop;
  sluice::server server{loop};
  server.add(weather);
  std::string const where = server.listen("127.0.0.1:0");
  loop.on_signal({SIGINT, SIGTERM}, [&] { server.stop(5s); });
  // [/event_loop]
  std::raise(SIGTERM);
  loop.run();
  CHECK(server.connections() == 0);
}

TEST_CASE("handlers: a server on several threads") {
  Weather weather;
  // [threads]
  sluice::io_threads threads{std::thread::hardware_concurrency()};
  sluice::server server{threads};
  server.add(weather);  // its handlers now run on several threads at the same time
  std::string const where = server.listen("127.0.0.1:0");
  // [/threads]
  {
    boost::asio::io_context io;
    sluice::channel channel{io.get_executor(), where};
    CHECK(sluice::run(io, WeatherStub{channel}.Now(place("Praia"))).degrees() == 18.0);
  }
  // [threads_end]
  sluice::spawn(threads.executor(0), server.shutdown(5s), boost::asio::use_future).get();
  // [/threads_end]
  CHECK(server.connections() == 0);
}
