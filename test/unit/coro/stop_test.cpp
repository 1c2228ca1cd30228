// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/stop.hpp>

#include "unit/coro/support.hpp"

#include "support/catch.hpp"

#include <memory>
#include <optional>
#include <vector>

using sluice::code;
using sluice::stop_callback;
using sluice::stop_reason;
using sluice::stop_source;
using sluice::stop_token;
using sluice::test::code_of;

TEST_CASE("the first reason of a stop stands", "[stop]") {
  stop_source source;
  stop_token const token = source.token();
  CHECK_FALSE(token.stop_requested());
  CHECK(token.reason() == stop_reason::none);
  CHECK(source.request_stop(stop_reason::deadline));
  CHECK_FALSE(source.request_stop(stop_reason::shutdown));
  CHECK(token.stop_requested());
  CHECK(token.reason() == stop_reason::deadline);
}

TEST_CASE("a token without a source is never stopped", "[stop]") {
  stop_token const token;
  CHECK_FALSE(token.stop_requested());
  token.throw_if_stopped();
  stop_callback const never{token, [](stop_reason) { FAIL("called"); }};
}

TEST_CASE("throw_if_stopped fails as the reason says", "[stop]") {
  for (auto const& [reason, expected] : {std::pair{stop_reason::deadline, code::deadline_exceeded},
                                         std::pair{stop_reason::client_cancelled, code::cancelled},
                                         std::pair{stop_reason::local, code::cancelled},
                                         std::pair{stop_reason::connection_lost, code::unavailable}}) {
    stop_source source;
    CHECK(code_of([&] { source.token().throw_if_stopped(); }) == code::ok);
    source.request_stop(reason);
    CHECK(code_of([&] { source.token().throw_if_stopped(); }) == expected);
  }
}

TEST_CASE("callbacks run once, in the order they came, with the reason", "[stop]") {
  stop_source source;
  std::vector<int> order;
  stop_callback const one{source.token(), [&](stop_reason why) {
                            CHECK(why == stop_reason::draining);
                            order.push_back(1);
                          }};
  stop_callback const two{source.token(), [&](stop_reason) { order.push_back(2); }};
  source.request_stop(stop_reason::draining);
  source.request_stop(stop_reason::draining);
  CHECK(order == std::vector{1, 2});
}

TEST_CASE("a callback after the stop runs at once", "[stop]") {
  stop_source source;
  source.request_stop(stop_reason::shutdown);
  stop_reason seen = stop_reason::none;
  stop_callback const late{source.token(), [&](stop_reason why) { seen = why; }};
  CHECK(seen == stop_reason::shutdown);
}

TEST_CASE("a destroyed callback never runs, also when another one destroys it", "[stop]") {
  stop_source source;
  int ran = 0;
  auto const count = [&](stop_reason) { ++ran; };
  { stop_callback const gone{source.token(), count}; }
  std::optional<stop_callback<decltype(count)>> victim;
  stop_callback const killer{source.token(), [&](stop_reason) { victim.reset(); }};
  victim.emplace(source.token(), count);
  source.request_stop();
  CHECK(ran == 0);
}

TEST_CASE("a callback may ask for a stop again and look at the source", "[stop]") {
  stop_source source;
  stop_callback const nested{source.token(), [&](stop_reason) {
                               CHECK(source.stop_requested());
                               CHECK_FALSE(source.request_stop(stop_reason::deadline));
                             }};
  CHECK(source.request_stop(stop_reason::local));
  CHECK(source.reason() == stop_reason::local);
}

TEST_CASE("a stop passes down to children and not up", "[stop]") {
  stop_source parent;
  sluice::coro::child_stop_source child, grandchild;
  child.follow(parent.token());
  grandchild.follow(child.token());
  SECTION("down") {
    parent.request_stop(stop_reason::client_cancelled);
    CHECK(grandchild.reason() == stop_reason::client_cancelled);
  }
  SECTION("not up") {
    child.request_stop(stop_reason::local);
    CHECK(grandchild.stop_requested());
    CHECK_FALSE(parent.stop_requested());
    parent.request_stop(stop_reason::deadline);
    CHECK(child.reason() == stop_reason::local);
  }
}

TEST_CASE("a child that gets a stopped parent is stopped", "[stop]") {
  stop_source parent;
  sluice::coro::child_stop_source child;
  parent.request_stop(stop_reason::deadline);
  child.follow(parent.token());
  CHECK(child.reason() == stop_reason::deadline);
}
