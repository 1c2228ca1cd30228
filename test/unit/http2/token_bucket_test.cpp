// SPDX-License-Identifier: Apache-2.0
#include "http2/token_bucket.hpp"

#include "support/catch.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using http2::token_bucket;

namespace {

constexpr time_point start{100s};

int taken(token_bucket& from, time_point now) {
  int count = 0;
  while (count != 10'000 && from.take(now)) ++count;
  return count;
}

}  // namespace

TEST_CASE("a bucket gives its burst at once, and then its rate") {
  token_bucket bucket{1000, 33};
  CHECK(taken(bucket, start) == 1000);
  CHECK(taken(bucket, start + 29ms) == 0);
  CHECK(taken(bucket, start + 31ms) == 1);
  CHECK(taken(bucket, start + 1031ms) == 33);
}

TEST_CASE("a bucket holds its burst and no more, however long it rests") {
  token_bucket bucket{10, 1000};
  CHECK(taken(bucket, start) == 10);
  CHECK(taken(bucket, start + 1000h) == 10);
}

TEST_CASE("a clock that goes back, or stands still, gives nothing") {
  token_bucket bucket{1, 1000};
  CHECK(taken(bucket, start) == 1);
  CHECK(taken(bucket, start) == 0);
  CHECK(taken(bucket, start - 1h) == 0);
}

TEST_CASE("what is given back can be taken again, up to the burst") {
  token_bucket bucket{3, 1};
  CHECK(taken(bucket, start) == 3);
  bucket.give();
  CHECK(taken(bucket, start) == 1);
  for (int i = 0; i != 10; ++i) bucket.give();
  CHECK(taken(bucket, start) == 3);
}

TEST_CASE("a bucket of no burst is always empty") {
  token_bucket bucket{0, 1000};
  CHECK_FALSE(bucket.take(start));
  CHECK_FALSE(bucket.take(start + 1h));
}
