// SPDX-License-Identifier: Apache-2.0
#include "services/health_messages.hpp"
#include "support/catch.hpp"

#include <sluice/client/calls.hpp>
#include <sluice/coro/asio.hpp>
#include <sluice/server/server.hpp>
#include <sluice/services/health.hpp>
#include <sluice/testing/in_process.hpp>

#include <vector>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr method check{"/grpc.health.v1.Health/Check", method_kind::unary};
constexpr method watch{"/grpc.health.v1.Health/Watch", method_kind::server_streaming};
constexpr method list{"/grpc.health.v1.Health/List", method_kind::unary};

struct world {
  asio::io_context io;
  health_service health;
  server srv{io.get_executor()};
  channel ch{io.get_executor(), testing::connect_to(io.get_executor(), srv)};
  world() { srv.add(health); }

  result<health::check_response> ask(std::string service) {
    auto const one = [](channel& on, std::string name) -> task<result<health::check_response>> {
      unary_call<health::check_response> call{on, check, health::check_request{name}, call_options{}};
      co_return co_await as_result(call);
    };
    return run(io, one(ch, std::move(service)));
  }
};

task<void> follow(channel& on, std::string name, std::vector<serving_status>& seen, std::size_t count,
                  health_service& health) {
  server_streaming_call<health::check_response> call{on, watch, health::check_request{name}, call_options{}};
  while (auto const* said = co_await call.next()) {
    seen.push_back(said->status);
    if (seen.size() == count) co_return;
    if (seen.size() == 1) health.set(name, serving_status::serving);
    if (seen.size() == 2) health.shut_down();
  }
}

}  // namespace

TEST_CASE("the whole server is serving from the start") {
  world w;
  auto const said = w.ask("");
  REQUIRE(said);
  CHECK(said->status == serving_status::serving);
}

TEST_CASE("check of a service that was never set is NOT_FOUND") {
  world w;
  auto const said = w.ask("nobody");
  REQUIRE(!said);
  CHECK(said.error().code() == code::not_found);
}

TEST_CASE("check follows set, until shut_down") {
  world w;
  w.health.set("a.B", serving_status::not_serving);
  CHECK(w.ask("a.B")->status == serving_status::not_serving);
  w.health.shut_down();
  w.health.set("a.B", serving_status::serving);
  CHECK(w.ask("a.B")->status == serving_status::not_serving);
  CHECK(w.ask("")->status == serving_status::not_serving);
}

TEST_CASE("watch of an unknown service says so, then every change") {
  world w;
  std::vector<serving_status> seen;
  run(w.io, follow(w.ch, "later", seen, 3, w.health));
  CHECK(seen ==
        std::vector{serving_status::service_unknown, serving_status::serving, serving_status::not_serving});
}

TEST_CASE("list names every service") {
  world w;
  w.health.set("a.B", serving_status::not_serving);
  auto const ask = [](channel& on) -> task<health::list_response> {
    unary_call<health::list_response> call{on, list, health::list_request{}, call_options{}};
    co_return co_await call;
  };
  auto const all = run(w.io, ask(w.ch));
  CHECK(all.statuses == std::map<std::string, serving_status>{{"", serving_status::serving},
                                                              {"a.B", serving_status::not_serving}});
}

TEST_CASE("more than a hundred services are too many to list") {
  world w;
  for (int i = 0; i != 100; ++i) w.health.set("s" + std::to_string(i), serving_status::serving);
  auto const ask = [](channel& on) -> task<result<health::list_response>> {
    unary_call<health::list_response> call{on, list, health::list_request{}, call_options{}};
    co_return co_await as_result(call);
  };
  auto const all = run(w.io, ask(w.ch));
  REQUIRE(!all);
  CHECK(all.error().code() == code::resource_exhausted);
}

TEST_CASE("unknown fields of a request are skipped, malformed ones refused") {
  health::check_request request;
  CHECK(codec<health::check_request>::parse(request, as_bytes(std::string_view{"\x12\x01x\x0a\x02hi", 7})));
  CHECK(request.service == "hi");
  CHECK_FALSE(codec<health::check_request>::parse(request, as_bytes(std::string_view{"\x0a\x05hi", 4})));
}
