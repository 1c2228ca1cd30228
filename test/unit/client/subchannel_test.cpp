// SPDX-License-Identifier: Apache-2.0
#include "client/subchannel.hpp"

#include "support/catch.hpp"
#include "unit/client/fake_server.hpp"

#include <chrono>
#include <vector>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;
using states = std::vector<connectivity>;

namespace {

struct world : calling::subchannel_owner {
  void subchannel_changed(calling::subchannel& which) override { seen.push_back(which.state()); }
  void subchannel_has_room(calling::subchannel&) noexcept override { ++rooms; }
  void connect() {
    sub->connect();
    server.turn();
  }
  void pass(duration time) {
    clock.advance(time);
    server.turn();
  }
  [[nodiscard]] bool last_failure_says(std::string_view text) const {
    return sub->last_failure().message().find(text) != std::string_view::npos;
  }

  asio::io_context io;
  testing::manual_clock clock{io.get_executor()};
  fake_server server{io};
  channel_options options{.backoff_jitter = 0, .log = {}};
  states seen;
  int rooms = 0;
  std::shared_ptr<calling::subchannel> sub = std::make_shared<calling::subchannel>(
      io.get_executor(), options, std::vector<address>{}, &server.connector, *this);
};

struct ready_world : world {
  ready_world() {
    connect();
    server.say(fake_server::settings);
    REQUIRE(sub->state() == connectivity::ready);
    seen.clear();
    rooms = 0;
  }
};

}  // namespace

TEST_CASE("a subchannel is idle until it is asked to connect, and asks once") {
  world w;
  CHECK(w.sub->state() == connectivity::idle);
  w.server.turn();
  CHECK(w.server.connects == 0);
  w.connect();
  w.connect();
  CHECK(w.server.connects == 1);
  CHECK(w.seen == states{connectivity::connecting});
}

TEST_CASE("a subchannel is ready when the peer's SETTINGS came, not before") {
  world w;
  w.connect();
  CHECK(w.server.hear().starts_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  CHECK(w.sub->state() == connectivity::connecting);
  CHECK(w.rooms == 0);
  w.server.say(fake_server::settings);
  CHECK(w.seen == states{connectivity::connecting, connectivity::ready});
  CHECK(w.rooms >= 1);
  REQUIRE(w.sub->connection() != nullptr);
  CHECK(w.sub->connection()->has_capacity());
  w.server.say(fake_server::settings_ack);
  w.pass(1h);  // the timeout of connecting is off
  CHECK(w.sub->state() == connectivity::ready);
}

TEST_CASE("a connect that fails backs off, longer each time, then may be tried again") {
  world w;
  w.server.refuses = true;
  for (duration const wait : {1000ms, 1600ms, 2560ms}) {
    w.connect();
    CHECK(w.sub->state() == connectivity::transient_failure);
    CHECK(w.sub->last_failure().code() == code::unavailable);
    int const connects = w.server.connects;
    w.connect();
    CHECK(w.server.connects == connects);
    w.pass(wait - 10ms);
    CHECK(w.sub->state() == connectivity::transient_failure);
    w.pass(20ms);
    CHECK(w.sub->state() == connectivity::idle);
  }
  CHECK(w.server.connects == 3);
}

TEST_CASE("a connection that stood resets the back-off") {
  world w;
  w.server.refuses = true;
  w.connect();
  w.pass(2s);
  w.server.refuses = false;
  w.connect();
  w.server.say(fake_server::settings);
  REQUIRE(w.sub->state() == connectivity::ready);
  w.server.hang_up();
  w.server.refuses = true;
  w.connect();
  w.pass(1010ms);
  CHECK(w.sub->state() == connectivity::idle);
}

TEST_CASE("a peer that sends no SETTINGS fails the connect after its timeout") {
  world w;
  w.connect();
  w.pass(19s);
  CHECK(w.sub->state() == connectivity::connecting);
  w.pass(1001ms);
  CHECK(w.sub->state() == connectivity::transient_failure);
  CHECK(w.last_failure_says("no HTTP/2 SETTINGS came within 20"));
}

TEST_CASE("a peer that speaks HTTP/1.1 fails the connect, by name") {
  world w;
  w.connect();
  w.server.say("HTTP/1.1 400 Bad Request\r\n\r\n");
  CHECK(w.sub->state() == connectivity::transient_failure);
  CHECK(w.last_failure_says("HTTP/1.1"));
}

TEST_CASE("a connection that is lost leaves the subchannel idle, with the reason") {
  ready_world w;
  w.server.hang_up();
  CHECK(w.seen == states{connectivity::idle});
  CHECK(w.sub->connection() == nullptr);
  CHECK(w.sub->last_failure().code() == code::unavailable);
  CHECK(w.last_failure_says("connection to pipe lost"));
  w.connect();
  CHECK(w.server.connects == 2);
}

TEST_CASE("GOAWAY makes the subchannel idle, and the connection closes") {
  ready_world w;
  w.server.say(fake_server::goaway);
  CHECK(w.seen == states{connectivity::idle});
  CHECK(w.sub->connection() == nullptr);
  CHECK(w.last_failure_says("GOAWAY"));
  static_cast<void>(w.server.hear());
  CHECK(w.server.hear() == "(end)");
}

TEST_CASE("disconnecting ends the connection") {
  for (bool const graceful : {true, false}) {
    INFO(graceful);
    ready_world w;
    w.sub->disconnect(graceful);
    w.server.turn();
    CHECK(w.sub->state() == connectivity::idle);
    static_cast<void>(w.server.hear());
    CHECK(w.server.hear() == "(end)");
  }
}

TEST_CASE("a disconnect gives up connecting: that is no failure, and no timer is left") {
  for (bool const graceful : {true, false}) {
    INFO(graceful);
    world w;
    w.connect();
    w.seen.clear();
    w.sub->disconnect(graceful);
    w.server.turn();
    CHECK(w.seen == states{connectivity::idle});
    CHECK(w.sub->connection() == nullptr);
    CHECK(coro::scheduler_of(w.io.get_executor())->timers().empty());
    static_cast<void>(w.server.hear());
    CHECK(w.server.hear() == "(end)");
    w.connect();
    CHECK(w.server.connects == 2);
  }
}

TEST_CASE("a disconnect gives up dialling as quietly") {
  world w;
  w.sub = std::make_shared<calling::subchannel>(w.io.get_executor(), w.options,
                                                std::vector{*address::from_ip("127.0.0.1", 1)}, nullptr, w);
  w.sub->connect();
  REQUIRE(w.seen == states{connectivity::connecting});
  w.sub->disconnect(false);
  w.server.turn();
  w.pass(1h);
  CHECK(w.seen == states{connectivity::connecting, connectivity::idle});
  CHECK(coro::scheduler_of(w.io.get_executor())->timers().empty());
}
