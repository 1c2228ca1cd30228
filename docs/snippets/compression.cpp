// SPDX-License-Identifier: Apache-2.0
#include "weather.hpp"

#include <algorithm>

namespace {

/// A summary of a thousand equal reports compresses well.
std::string long_name() { return std::string(4000, 'a'); }

class Weather final : public weather::WeatherService {
  // [handler]
  sluice::task<Report> Now(Place place) override {
    sluice::server_call& call = co_await sluice::this_call;
    bool const accepted = call.compression("zstd");  // before the headers are sent
    co_return report(accepted ? long_name() : place.name(), 20);
  }
  sluice::generator<Report> Watch(Place place) override {
    sluice::server_call& call = co_await sluice::this_call;
    static_cast<void>(call.compression("gzip"));
    co_yield report(long_name(), 20);  // compressed
    call.compress_messages(sluice::compression_mode::never);
    co_yield report(place.name(), 21);  // not
  }
  // [/handler]
  sluice::task<Summary> Record(sluice::generator<Report> reports) override {
    Summary all;
    sluice::server_call& call = co_await sluice::this_call;
    while (auto* const each = co_await reports.next())
      if (call.request_compressed() && !each->place().empty()) all.set_reports(all.reports() + 1);
    co_return all;
  }
  sluice::generator<Report> Follow(sluice::generator<Place>) override { co_return; }
};

// [own]
class reversing final : public sluice::compressor {
 public:
  std::string_view name() const noexcept override { return "reversed"; }
  bool compress(sluice::bytes_view from, sluice::buffer& to) override {
    auto const room = to.prepare(from.size());
    std::ranges::reverse_copy(from, room.begin());
    to.commit(from.size());
    return true;
  }
  sluice::errc decompress(sluice::bytes_view from, sluice::buffer& to, std::size_t limit) override {
    if (from.size() > limit) return sluice::errc::message_too_large;
    return compress(from, to) ? sluice::errc::ok : sluice::errc::malformed_compression;
  }
};
// [/own]

sluice::task<int> by_call(WeatherStub stub) {
  // [call]
  auto const packed = sluice::call_options{}.compression("gzip");
  auto call = stub.Record(packed);
  co_await call.write(report(long_name(), 20));  // large, and becomes smaller: compressed
  co_await call.write(report("Horta", 21));      // too small to be worth it
  co_await call.write(report("Horta", 22), sluice::compression_mode::always);
  co_await call.write(report(long_name(), 23), sluice::compression_mode::never);
  Summary const summary = co_await call.finish();
  // [/call]
  co_return summary.reports();
}

sluice::task<std::string> flags(WeatherStub stub) {
  std::string seen;
  auto call = stub.Watch(place("Horta"));
  while (auto* const each = co_await call.next())
    seen.append(call.response_compressed() ? "z" : "-").append(each->place().size() == 4000 ? "4" : "0");
  co_return seen;
}

}  // namespace

TEST_CASE("compression: a call, a message, a handler") {
  served<Weather> all;
  CHECK(all.run(by_call(all.stub)) == 2);
  CHECK(all.run(flags(all.stub)) == "z4-0");
  auto const now = all.run(sluice::as_result(all.stub.Now(place("Horta"))));
  REQUIRE(now);
  CHECK(now->place() == long_name());
}

TEST_CASE("compression: a channel, and an algorithm of one's own") {
  boost::asio::io_context io;
  Weather weather;
  // [channel]
  sluice::server server{io.get_executor(), {.compression = "gzip"}};
  sluice::channel channel{io.get_executor(),
                          sluice::testing::connect_to(io.get_executor(), server),
                          {.compression = "zstd", .compression_min_size = 4096}};
  // [/channel]
  server.add(weather);
  auto const make_own = [] { return std::make_unique<reversing>(); };
  // [registry]
  sluice::channel_options options;
  options.compressors.add(make_own).remove("deflate").add([] { return sluice::zstd_compressor(9); });
  options.compression = "reversed";
  // [/registry]
  CHECK(options.compressors.contains("reversed"));
  CHECK_FALSE(options.compressors.contains("deflate"));
  auto const now = sluice::run(io, sluice::as_result(WeatherStub{channel}.Now(place("Horta"))));
  REQUIRE(now);
  CHECK(now->place() == long_name());
}
