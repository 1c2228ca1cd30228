// SPDX-License-Identifier: Apache-2.0
#include "http2/stream_ids.hpp"

#include "support/catch.hpp"

using sluice::http2::ended_ids;
using sluice::http2::stream_ids;
using verdict = stream_ids::verdict;

TEST_CASE("ids that follow each other open, and are known from then on") {
  stream_ids ids;
  for (int id = 1; id < 100; id += 2) CHECK(ids.headers_on(id) == verdict::opens);
  for (int id = 1; id < 100; id += 2) CHECK(ids.headers_on(id) == verdict::known);
}

TEST_CASE("an id below one that was opened, and not opened itself, is skipped") {
  stream_ids ids;
  CHECK(ids.headers_on(5) == verdict::opens);
  CHECK(ids.headers_on(1) == verdict::skipped);
  CHECK(ids.headers_on(3) == verdict::skipped);
  CHECK(ids.headers_on(5) == verdict::known);
  CHECK(ids.headers_on(11) == verdict::opens);
  CHECK(ids.headers_on(7) == verdict::skipped);
  CHECK(ids.headers_on(9) == verdict::skipped);
  CHECK(ids.headers_on(13) == verdict::opens);
}

TEST_CASE("the latest sixteen gaps are remembered") {
  stream_ids ids;
  for (int id = 5; id <= 5 + 4 * 16; id += 4) CHECK(ids.headers_on(id) == verdict::opens);  // 17 gaps
  CHECK(ids.headers_on(3) == verdict::known);
  CHECK(ids.headers_on(7) == verdict::skipped);
  CHECK(ids.headers_on(67) == verdict::skipped);
}

TEST_CASE("the latest eight streams that were ended are remembered, and no stream is at first") {
  ended_ids ids;
  for (int id = 0; id != 100; ++id) CHECK_FALSE(ids.contain(id));
  for (int id = 1; id != 19; id += 2) ids.add(id);  // nine
  CHECK_FALSE(ids.contain(1));
  for (int id = 3; id != 19; id += 2) CHECK(ids.contain(id));
}

TEST_CASE("a stream that was ended twice is remembered once") {
  ended_ids ids;
  ids.add(1);
  ids.add(1);
  CHECK(ids.take(1));
  CHECK_FALSE(ids.take(1));
}
