// SPDX-License-Identifier: Apache-2.0
#include "client/backoff.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <cmath>
#include <set>

using namespace sluice;
using namespace std::chrono_literals;
using sluice::calling::backoff;

namespace {

channel_options with(duration initial, duration max, double multiplier, double jitter) {
  channel_options options;
  options.backoff_initial = initial;
  options.backoff_max = max;
  options.backoff_multiplier = multiplier;
  options.backoff_jitter = jitter;
  return options;
}

}  // namespace

TEST_CASE("without jitter each wait is the one before times the multiplier, up to the maximum") {
  backoff b{with(1s, 10s, 2.0, 0.0), 1};
  for (duration const expected : {1s, 2s, 4s, 8s, 10s, 10s, 10s}) CHECK(b.next() == expected);
}

TEST_CASE("after a reset the next failure is a first one") {
  backoff b{with(1s, 10s, 3.0, 0.0), 1};
  CHECK(b.next() == 1s);
  CHECK(b.next() == 3s);
  b.reset();
  CHECK(b.next() == 1s);
  CHECK(b.next() == 3s);
}

TEST_CASE("jitter stays within its share of the wait, and reaches to both sides of it") {
  channel_options const options;  // gRPC's figures
  CHECK(options.backoff_initial == 1s);
  CHECK(options.backoff_max == 120s);
  for (std::uint32_t seed = 1; seed != 50; ++seed) {
    INFO(seed);
    backoff b{options, seed};
    for (int n = 0; n != 20; ++n) {
      double const base = std::min(std::pow(1.6, n), 120.0);
      double const wait = std::chrono::duration<double>{b.next()}.count();
      CHECK(wait >= base * 0.8 - 1e-6);
      CHECK(wait <= base * 1.2 + 1e-6);
    }
  }
  backoff b{with(100s, 100s, 1.0, 0.2), 7};
  int shorter = 0;
  int longer = 0;
  for (int n = 0; n != 200; ++n) ++(b.next() < 100s ? shorter : longer);
  CHECK(shorter > 50);
  CHECK(longer > 50);
}

TEST_CASE("jitter does not add up") {
  // Each wait is around the exact exponential, however the ones before it fell.
  backoff b{with(1s, 1h, 1.0, 0.5), 3};
  for (int n = 0; n != 500; ++n) {
    duration const wait = b.next();
    CHECK(wait >= 500ms);
    CHECK(wait <= 1500ms);
  }
}

TEST_CASE("clients that fail together do not return together") {
  std::set<duration> waits;
  for (std::uint32_t seed = 1; seed <= 20; ++seed) waits.insert(backoff{channel_options{}, seed}.next());
  CHECK(waits.size() == 20);
}

TEST_CASE("an initial wait above the maximum is the maximum") {
  backoff b{with(1min, 5s, 1.6, 0.0), 1};
  CHECK(b.next() == 5s);
  CHECK(b.next() == 5s);
}
