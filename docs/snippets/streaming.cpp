// SPDX-License-Identifier: Apache-2.0
#include "weather.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

namespace {

class Weather final : public weather::WeatherService {
  // [watch]
  sluice::generator<Report> Watch(Place place) override {
    for (double degrees : readings_.at(place.name())) {
      Report report;
      report.set_place(place.name());
      report.set_degrees(degrees);
      co_yield report;  // waits while the client does not read
    }
  }
  // [/watch]

  // [record]
  sluice::task<Summary> Record(sluice::generator<Report> reports) override {
    Summary summary;
    while (Report const* report = co_await reports.next()) {  // null: the client has sent its last
      summary.set_reports(summary.reports() + 1);
      summary.set_warmest(std::max(summary.warmest(), report->degrees()));
    }
    co_return summary;
  }
  // [/record]

  // [follow]
  sluice::generator<Report> Follow(sluice::generator<Place> places) override {
    while (Place const* place = co_await places.next())
      for (double degrees : readings_.at(place->name())) co_yield report(place->name(), degrees);
  }
  // [/follow]

  std::map<std::string, std::vector<double>> readings_{{"Horta", {19, 20, 21}}, {"Praia", {18}}};
};

sluice::task<double> warmest(WeatherStub stub) {
  double warmest = 0;
  // [read]
  auto reports = stub.Watch(place("Horta"), sluice::call_options{}.timeout(5s));
  while (Report const* report = co_await reports.next())  // null: the call ended with OK
    warmest = std::max(warmest, report->degrees());
  // [/read]
  co_return warmest;
}

// [requests]
sluice::generator<Report> week() {
  for (int day = 0; day != 7; ++day) co_yield report("Horta", 15.0 + day);
}
// [/requests]

sluice::task<Summary> record(WeatherStub stub) {
  // [record_generator]
  Summary const summary = co_await stub.Record(week());
  // [/record_generator]
  co_return summary;
}

sluice::task<Summary> record_by_hand(WeatherStub stub) {
  // [record_writes]
  auto call = stub.Record();
  co_await call.write(report("Horta", 19));  // waits while the server does not read
  co_await call.write(report("Horta", 22));
  Summary const summary = co_await call.finish();  // no more requests; the response
  // [/record_writes]
  co_return summary;
}

sluice::generator<Place> both() {
  co_yield place("Horta");
  co_yield place("Praia");
}

sluice::task<int> follow(WeatherStub stub) {
  int count = 0;
  // [follow_generator]
  auto reports = stub.Follow(both());
  while (co_await reports.next() != nullptr) ++count;
  // [/follow_generator]
  co_return count;
}

sluice::task<double> follow_by_hand(WeatherStub stub) {
  // [follow_writes]
  auto call = stub.Follow();
  co_await call.write(place("Praia"));
  Report const* const first = co_await call.next();  // in turns, as this protocol wants it
  double const degrees = first->degrees();           // valid until the following next()
  co_await call.writes_done();
  while (co_await call.next() != nullptr) {
  }
  // [/follow_writes]
  co_return degrees;
}

class Relay final : public weather::WeatherService {
 public:
  explicit Relay(sluice::channel& to) : source_{to} {}

 private:
  // [relay]
  sluice::generator<Report> Watch(Place place) override { return source_.Watch(place).messages(); }
  // [/relay]
  WeatherStub source_;
};

// [halves]
class Bulletin final : public weather::WeatherService {
  using outbox = sluice::queue<Report>;

  sluice::generator<Report> Follow(sluice::generator<Place> places) override {
    auto const reports = std::make_shared<outbox>(16);  // bounded: a reader that is too slow makes `listen` wait
    sluice::scope beside;
    beside.spawn(listen(std::move(places), reports));
    while (auto const next = co_await reports->pop()) co_yield *next;  // nothing: closed and empty
    co_await beside.join();
  }

  static sluice::task<void> listen(sluice::generator<Place> places, std::shared_ptr<outbox> reports) {
    while (Place const* place = co_await places.next()) co_await reports->push(report(place->name(), 20));
    reports->close();
  }
};
// [/halves]

class Endless final : public weather::WeatherService {
 public:
  int made = 0;

 private:
  sluice::generator<Report> Watch(Place where) override {
    for (;;) {
      ++made;
      Report big = report(where.name(), made);
      big.mutable_place()->append(10'000, '.');
      co_yield big;
    }
  }
};

sluice::task<void> read_two(WeatherStub stub) {
  auto reports = stub.Watch(place("Horta"));
  co_await reports.next();
  co_await reports.next();
  co_await sluice::sleep_for(50ms);
}

}  // namespace

TEST_CASE("streaming: the four shapes") {
  served<Weather> all;
  CHECK(all.run(warmest(all.stub)) == 21);
  CHECK(all.run(record(all.stub)).reports() == 7);
  CHECK(all.run(record_by_hand(all.stub)).warmest() == 22);
  CHECK(all.run(follow(all.stub)) == 4);
  CHECK(all.run(follow_by_hand(all.stub)) == 18);
}

TEST_CASE("streaming: a stream is handed on") {
  served<Weather> source;
  boost::asio::io_context& io = source.io;
  Relay relay{source.channel};
  sluice::server server{io.get_executor()};
  server.add(relay);
  sluice::channel channel{io.get_executor(), sluice::testing::connect_to(io.get_executor(), server)};
  CHECK(source.run(warmest(WeatherStub{channel})) == 21);
}

TEST_CASE("streaming: reading and writing in two coroutines") {
  served<Bulletin> all;
  CHECK(all.run(follow(all.stub)) == 2);
}

TEST_CASE("streaming: an endless producer waits for a reader that has stopped") {
  served<Endless> all;
  all.run(read_two(all.stub));
  // The stream's window of 256 KiB, its outbox of 32 KiB and the pipe's 64 KiB, by messages of 10 KB.
  CHECK(all.service.made < 60);
}

TEST_CASE("streaming: two reads at once are refused") {
  served<Weather> all;
  auto const twice = [](WeatherStub stub) -> sluice::task<void> {
    auto call = stub.Follow();
    co_await call.write(place("Praia"));
    co_await call.next();
    co_await sluice::when_all(call.next(), call.next());
  };
  auto const how = all.run(sluice::as_result(twice(all.stub)));
  CHECK(how.status().code() == sluice::code::failed_precondition);
}
