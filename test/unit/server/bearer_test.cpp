// SPDX-License-Identifier: Apache-2.0
#include <sluice/server/bearer.hpp>

#include "support/catch.hpp"

using sluice::bearer_token_of;
using sluice::equal_secrets;
using sluice::metadata;

TEST_CASE("a bearer token stands behind the scheme, in any case") {
  CHECK(bearer_token_of({{"authorization", "Bearer abc.def-_~+/=="}}) == "abc.def-_~+/==");
  CHECK(bearer_token_of({{"x", "y"}, {"authorization", "bEARER   abc"}}) == "abc");
}

TEST_CASE("what is not one bearer token is none") {
  CHECK_FALSE(bearer_token_of({}));
  for (auto const* const value :
       {"", "Bearer", "Bearer ", "Bearer   ", "Basic abc", "Bearerx abc", "abc", "Beare\x12 abc"})
    CHECK_FALSE(bearer_token_of({{"authorization", value}}));
  CHECK_FALSE(bearer_token_of({{"authorization", "Bearer a"}, {"authorization", "Bearer a"}}));
}

TEST_CASE("secrets are equal when all their bytes are, and an empty one equals nothing") {
  CHECK(equal_secrets("secret", "secret"));
  for (auto const* const given : {"", "s", "secre", "secrets", "Secret", "secreT", "secretsecret"})
    CHECK_FALSE(equal_secrets(given, "secret"));
  CHECK_FALSE(equal_secrets("", ""));
  CHECK_FALSE(equal_secrets("x", ""));
}
