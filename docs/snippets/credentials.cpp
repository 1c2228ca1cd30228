// SPDX-License-Identifier: Apache-2.0
#include "weather.hpp"

#include <sluice/client/oauth2.hpp>

#include <memory>
#include <optional>

namespace {

class Weather final : public weather::WeatherService {
  sluice::task<Report> Now(Place place) override {
    sluice::server_call& call = co_await sluice::this_call;
    place.mutable_name()->append(" ").append(call.metadata().get("authorization").value_or("nobody"));
    co_return report(place.name(), 20);
  }
};

sluice::task<std::string> post_form() {
  co_return R"({"access_token": "fetched", "token_type": "Bearer", "expires_in": 3600})";
}

// [oauth2]
sluice::task<sluice::access_token> fetch() {
  std::string const body = co_await post_form();  // by your HTTP client
  auto& clock = (co_await sluice::coro::get_context{}).scheduler();
  co_return sluice::parse_token_response(body, clock.now()).value();
}
// [/oauth2]

// [own]
class Signed final : public sluice::call_credentials {
  sluice::task<sluice::metadata> get(sluice::call_info call) override {
    sluice::metadata sent;
    sent.add("x-signature", "of " + call.method());
    co_return sent;
  }
};
// [/own]

}  // namespace

TEST_CASE("credentials: of a channel and of a call") {
  boost::asio::io_context io;
  Weather weather;
  sluice::server server{io.get_executor()};
  server.add(weather);
  auto const connect = sluice::testing::connect_to(io.get_executor(), server);
  // [channel]
  sluice::channel_options options;
  options.credentials = sluice::cached(fetch);  // or sluice::bearer_token("..."), sluice::jwt_token({...})
  // [/channel]
  options.allow_plaintext_credentials = true;
  sluice::channel channel{io.get_executor(), connect, options};
  WeatherStub stub{channel};
  CHECK(sluice::run(io, stub.Now(place("Horta"))).place() == "Horta Bearer fetched");
  // [call]
  auto const signed_call = sluice::call_options{}.credentials(std::make_shared<Signed>());
  // [/call]
  CHECK(sluice::run(io, stub.Now(place("Horta"), signed_call)).place() == "Horta Bearer fetched");
}

TEST_CASE("credentials: a server reads a bearer token") {
  sluice::metadata const sent{{"authorization", "Bearer sesame"}};
  std::string const secret = "sesame";
  // [server]
  auto const token = sluice::bearer_token_of(sent);
  bool const known = token && sluice::equal_secrets(*token, secret);
  // [/server]
  CHECK(known);
}
