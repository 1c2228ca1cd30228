// SPDX-License-Identifier: Apache-2.0
#include "client/balancer.hpp"
#include "client/subchannel.hpp"

#include "support/catch.hpp"
#include "unit/client/fake_server.hpp"

#include <vector>

using namespace sluice;
using namespace sluice::calling;
using namespace sluice::test;
using verdict = pick::verdict;

namespace {

// The balancer's channel: what it publishes is kept, and its subchannels connect to the fake server.
struct host final : balancer_host, subchannel_owner {
  std::shared_ptr<subchannel> make_subchannel(std::vector<address> addresses) override {
    made.push_back(std::make_shared<subchannel>(io.get_executor(), options, std::move(addresses),
                                                &server.connector, *this));
    return made.back();
  }
  void publish(connectivity state, std::shared_ptr<picker> by) override {
    published.push_back(state);
    current = std::move(by);
  }
  void subchannel_changed(subchannel& which) override { policy->changed(which); }
  void subchannel_has_room(subchannel&) noexcept override {}

  void resolved() {
    policy->resolved({*address::from_ip("127.0.0.1", 1), *address::from_ip("127.0.0.2", 1)});
    server.turn();
  }
  void resolved_and_ready() {
    resolved();
    server.say(fake_server::settings);
    REQUIRE(made.size() == 1);
    REQUIRE(made[0]->state() == connectivity::ready);
    published.clear();
  }
  [[nodiscard]] pick choose() const {
    REQUIRE(current);
    return current->choose();
  }

  asio::io_context io;
  testing::manual_clock clock{io.get_executor()};
  fake_server server{io};
  channel_options options{.log = {}};
  std::vector<std::shared_ptr<subchannel>> made;
  std::vector<connectivity> published;
  std::shared_ptr<picker> current;
  std::unique_ptr<balancer> policy = make_pick_first(*this);
};

using states = std::vector<connectivity>;

}  // namespace

TEST_CASE("pick_first connects one subchannel for all addresses, and calls wait meanwhile") {
  host h;
  CHECK(h.published.empty());
  h.resolved();
  CHECK(h.made.size() == 1);
  CHECK(h.server.connects == 1);
  CHECK(h.published == states{connectivity::connecting});
  CHECK(h.choose().what == verdict::wait);
}

TEST_CASE("pick_first gives every call the subchannel that is ready") {
  host h;
  h.resolved();
  h.server.say(fake_server::settings);
  CHECK(h.published == states{connectivity::connecting, connectivity::ready});
  for (int i = 0; i != 3; ++i) {
    pick const chosen = h.choose();
    CHECK(chosen.what == verdict::use);
    CHECK(chosen.where == h.made.at(0).get());
  }
}

TEST_CASE("pick_first fails calls with the reason of the failed connect") {
  host h;
  h.server.refuses = true;
  h.resolved();
  CHECK(h.published == states{connectivity::connecting, connectivity::transient_failure});
  pick const chosen = h.choose();
  CHECK(chosen.what == verdict::fail);
  CHECK(chosen.where == nullptr);
  CHECK(chosen.why == h.made.at(0)->last_failure());
  CHECK(chosen.why.code() == code::unavailable);
}

TEST_CASE("pick_first fails calls when resolving fails, with its reason") {
  host h;
  h.policy->resolving_failed(status{code::unavailable, "no such host"});
  CHECK(h.published == states{connectivity::transient_failure});
  CHECK(h.choose().what == verdict::fail);
  CHECK(h.choose().why.message() == "no such host");
}

TEST_CASE("a ready connection outlives a resolution, failed or not") {
  host h;
  h.resolved_and_ready();
  h.policy->resolving_failed(status{code::unavailable, "no such host"});
  h.resolved();
  CHECK(h.published.empty());
  CHECK(h.made.size() == 1);
  CHECK(h.server.connects == 1);
  CHECK(h.choose().what == verdict::use);
}

TEST_CASE("a lost connection makes pick_first idle, and the next resolution connects it again") {
  host h;
  h.resolved_and_ready();
  h.server.hang_up();
  CHECK(h.published == states{connectivity::idle});
  CHECK(h.choose().what == verdict::wait);
  h.resolved();
  CHECK(h.made.size() == 1);
  CHECK(h.server.connects == 2);
  CHECK(h.published == states{connectivity::idle, connectivity::connecting});
}

TEST_CASE("addresses that come during the back-off do not shorten it") {
  host h;
  h.server.refuses = true;
  h.resolved();
  h.server.refuses = false;
  h.resolved();
  CHECK(h.server.connects == 1);
  CHECK(h.choose().what == verdict::fail);
  h.clock.advance(std::chrono::seconds{2});
  CHECK(h.published.back() == connectivity::idle);
  h.resolved();
  CHECK(h.server.connects == 2);
}
