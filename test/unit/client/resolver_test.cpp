// SPDX-License-Identifier: Apache-2.0
#include "client/resolver.hpp"

#include <boost/asio/io_context.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace sluice;
using sluice::calling::make_resolver;
using sluice::calling::resolver;

namespace {

struct resolved {
  explicit resolved(std::string_view text) {
    auto to = parse_target(text);
    REQUIRE(to);
    from = make_resolver(io.get_executor(), *to, [this](result<std::vector<address>> found) {
      ++pushes;
      REQUIRE(found);
      seen.clear();
      for (auto const& each : *found) seen.push_back(each.to_string());
    });
  }
  void turn() {
    io.restart();
    io.poll();
  }
  asio::io_context io;
  std::unique_ptr<resolver> from;
  int pushes = 0;
  std::vector<std::string> seen;
};

}  // namespace

TEST_CASE("addresses in the target are pushed in its order, later and not inside resolve") {
  resolved r{"ipv4:192.0.2.2:80,192.0.2.1:80"};
  r.from->resolve();
  CHECK(r.pushes == 0);
  r.turn();
  CHECK(r.pushes == 1);
  CHECK(r.seen == std::vector<std::string>{"ipv4:192.0.2.2:80", "ipv4:192.0.2.1:80"});
}

TEST_CASE("resolving again pushes again") {
  resolved r{"unix:/run/x.sock"};
  for (int i = 1; i != 4; ++i) {
    r.from->resolve();
    r.turn();
    CHECK(r.pushes == i);
  }
  CHECK(r.seen == std::vector<std::string>{"unix:/run/x.sock"});
}

TEST_CASE("a resolver that goes first pushes nothing") {
  resolved r{"ipv6:[2001:db8::1]:80"};
  r.from->resolve();
  r.from.reset();
  r.turn();
  CHECK(r.pushes == 0);
}
