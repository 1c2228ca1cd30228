// SPDX-License-Identifier: Apache-2.0
// Minutes pass in here, and the test takes none of them: the clock is the test's own, and the client and the server are
// connected in memory. One thread, no socket, no sleep.
#include "kitchen.hpp"

#include <sluice/client/channel.hpp>
#include <sluice/coro/asio.hpp>
#include <sluice/server/server.hpp>
#include <sluice/testing/in_process.hpp>
#include <sluice/testing/manual_clock.hpp>

#include "support/catch.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <optional>

namespace {

using namespace std::chrono_literals;
using sluice::code;

/// A kitchen with two pots, served in memory, and a stub for it. It answers the calls that are under way when it goes,
/// so their answers are declared before it.
class Restaurant {
 public:
  Restaurant() { server_.add(kitchen_); }

  /// What became of a call; nothing while it is under way.
  using answer = std::optional<sluice::result<kitchen::Egg>>;

  /// Orders an egg, and lets the order arrive. Nothing boils before `pass`.
  void order(std::uint32_t minutes, answer& into, sluice::call_options options = {}) {
    kitchen::Order order;
    order.set_minutes(minutes);
    sluice::spawn(io_, keep(stub_.Boil(order, std::move(options)), into), [](std::exception_ptr) {});
    run_ready();
  }
  void pass(sluice::duration time) {
    clock_.advance(time);
    run_ready();
  }
  [[nodiscard]] int free_pots() const { return kitchen_.free_pots(); }

 private:
  static sluice::task<void> keep(sluice::unary_call<kitchen::Egg> call, answer& into) {
    into = co_await sluice::as_result(call);
  }
  /// Everything that needs no time to pass.
  void run_ready() {
    io_.restart();
    io_.poll();
  }

  boost::asio::io_context io_;
  sluice::testing::manual_clock clock_{io_.get_executor()};
  Kitchen kitchen_{2};
  sluice::server server_{io_.get_executor()};
  sluice::channel channel_{io_.get_executor(), sluice::testing::connect_to(io_.get_executor(), server_)};
  kitchen::KitchenStub stub_{channel_};
};

}  // namespace

TEST_CASE("an egg takes exactly its minutes") {
  Restaurant::answer egg;
  Restaurant restaurant;
  restaurant.order(6, egg);
  restaurant.pass(6min - 1ms);
  CHECK_FALSE(egg);
  restaurant.pass(1ms);
  REQUIRE(egg);
  REQUIRE(egg->has_value());
  CHECK_FALSE((*egg)->hard());
}

TEST_CASE("after eight minutes an egg is hard") {
  Restaurant::answer egg;
  Restaurant restaurant;
  restaurant.order(8, egg);
  restaurant.pass(8min);
  REQUIRE(egg);
  REQUIRE(egg->has_value());
  CHECK((*egg)->hard());
}

TEST_CASE("a guest who waits two minutes for a six-minute egg gets DEADLINE_EXCEEDED, and the pot is free") {
  Restaurant::answer egg;
  Restaurant restaurant;
  restaurant.order(6, egg, sluice::call_options{}.timeout(2min));
  CHECK(restaurant.free_pots() == 1);
  restaurant.pass(2min - 1ms);
  CHECK_FALSE(egg);
  CHECK(restaurant.free_pots() == 1);
  restaurant.pass(1ms);
  REQUIRE(egg);
  CHECK(egg->status().code() == code::deadline_exceeded);
  CHECK(restaurant.free_pots() == 2);
}

TEST_CASE("a third order is refused while two eggs boil") {
  Restaurant::answer first, second, third, fourth;
  Restaurant restaurant;
  restaurant.order(3, first);
  restaurant.order(5, second);
  restaurant.order(1, third);
  REQUIRE(third);
  CHECK(third->status() == sluice::status{code::resource_exhausted, "every pot is in use"});
  restaurant.pass(3min);
  CHECK(first);
  CHECK_FALSE(second);
  restaurant.order(1, fourth);
  restaurant.pass(1min);
  CHECK(fourth);
}
