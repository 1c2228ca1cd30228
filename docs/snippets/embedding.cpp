// SPDX-License-Identifier: Apache-2.0
#include "weather.hpp"

#include <sluice/net/asio_stream.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <future>

namespace asio = boost::asio;

namespace {

class Weather final : public weather::WeatherService {
  // [inside]
  sluice::task<Report> Now(Place place) override {
    asio::steady_timer timer{co_await executor(), 1ms};
    co_await timer.async_wait(asio::deferred);  // any operation of Asio; cancelled when the call is stopped
    co_return report(place.name(), 20);
  }
  // [/inside]
  static sluice::task<asio::any_io_executor> executor() {
    co_return sluice::coro::executor_of((co_await sluice::coro::get_context{}).scheduler());
  }
};

// [awaitable]
asio::awaitable<double> degrees(WeatherStub stub) {
  Report const now = co_await stub.Now(place("Horta"))(asio::use_awaitable);
  co_return now.degrees();
}
// [/awaitable]

}  // namespace

TEST_CASE("embedding: a call is an operation of Asio") {
  served<Weather> all;
  auto& io = all.io;
  auto& stub = all.stub;
  double seen = 0;
  asio::co_spawn(io, degrees(stub), [&](std::exception_ptr, double value) { seen += value; });
  // [callback]
  stub.Now(place("Horta"))(asio::bind_executor(io, [&](std::exception_ptr error, Report now) {
    if (!error) seen += now.degrees();
  }));
  // [/callback]
  while (seen < 40 && io.run_one() != 0) {
  }
  CHECK(seen == 40);
}

TEST_CASE("embedding: a task is spawned, stopped by a slot, and run") {
  served<Weather> all;
  auto& io = all.io;
  auto& stub = all.stub;
  auto const work = [](WeatherStub of) -> sluice::task<double> {
    Report const now = co_await of.Now(place("Horta"));
    co_return now.degrees();
  };
  double seen = 0;
  // [spawn]
  sluice::spawn(io, work(stub), [&](std::exception_ptr error, double degrees) {
    if (!error) seen = degrees;
  });
  // [/spawn]
  // [run]
  double const degrees = sluice::run(io, work(stub));  // for scripts and tests: runs io until it is done
  // [/run]
  CHECK(degrees == 20);
  while (seen == 0) io.run_one();
  CHECK(seen == 20);

  std::exception_ptr how;
  // [slot]
  asio::cancellation_signal stop;
  sluice::spawn(io, stub.Now(place("Horta")),
                asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr error, Report) { how = error; }));
  stop.emit(asio::cancellation_type::all);  // the call ends with CANCELLED
  // [/slot]
  while (!how) io.run_one();
  CHECK_THROWS_WITH(std::rethrow_exception(how), Catch::Matchers::StartsWith("CANCELLED"));
}

TEST_CASE("embedding: a channel on a strand of a pool") {
  boost::asio::io_context io;
  Weather weather;
  sluice::io_threads threads{1};
  sluice::server server{threads};
  server.add(weather);
  std::string const target = server.listen("127.0.0.1:0");
  {
    // [strand]
    asio::thread_pool pool{4};
    auto const strand = asio::make_strand(pool);
    sluice::channel channel{strand, target};
    WeatherStub const stub{channel};
    std::future<Report> now = sluice::spawn(strand, stub.Now(place("Horta")), asio::use_future);
    // [/strand]
    CHECK(now.get().degrees() == 20);
    sluice::spawn(strand, channel.shutdown(1s), asio::use_future).get();
    pool.join();
  }
}

TEST_CASE("embedding: a connection of one's own") {
  boost::asio::io_context io;
  Weather weather;
  sluice::server server{io.get_executor()};
  server.add(weather);
  // [stream]
  asio::local::stream_protocol::socket ours{io}, theirs{io};
  asio::local::connect_pair(ours, theirs);
  server.serve(sluice::make_asio_stream(std::move(theirs)));
  sluice::channel channel{io.get_executor(), [&] { return sluice::make_asio_stream(std::move(ours)); }};
  // [/stream]
  CHECK(sluice::run(io, WeatherStub{channel}.Now(place("Horta"))).degrees() == 20);
}

TEST_CASE("embedding: a call on another executor than its channel's is refused") {
  served<Weather> all;
  boost::asio::io_context other;
  auto const how = sluice::run(other, sluice::as_result(all.stub.Now(place("Horta"))));
  CHECK(how.status().code() == sluice::code::failed_precondition);
}
