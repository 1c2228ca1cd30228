// SPDX-License-Identifier: Apache-2.0
#include <sluice/client/oauth2.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <string>

using namespace std::chrono_literals;
using sluice::code;
using sluice::deadline;
using sluice::parse_token_response;
using sluice::time_point;

namespace {
constexpr time_point now{100h};
}

TEST_CASE("a token endpoint's answer has a token, and when it ends") {
  auto const read = parse_token_response(
      R"({"access_token":"abc.def","token_type":"Bearer","expires_in":3600,"scope":"x","more":{"y":[1]}})",
      now);
  REQUIRE(read);
  CHECK(read->value() == "abc.def");
  CHECK(read->expires_at() == deadline{now + 1h});
}

TEST_CASE("the type is read in any case, a missing end is never, and a fraction of a second counts") {
  CHECK(parse_token_response(R"({"access_token":"a","token_type":"bEARER"})", now)->expires_at().is_never());
  CHECK(parse_token_response(R"({"access_token":"a","token_type":"bearer","expires_in":0.5})", now)
            ->expires_at() == deadline{now + 500ms});
  auto const far =
      parse_token_response(R"({"access_token":"a","token_type":"bearer","expires_in":1e300})", now);
  REQUIRE(far);
  CHECK(far->expires_at() > deadline{now + 24h * 365 * 99});
}

TEST_CASE("an error answer is UNAUTHENTICATED and says what the endpoint said") {
  auto const refused =
      parse_token_response(R"({"error":"invalid_grant","error_description":"the key was revoked"})", now);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == code::unauthenticated);
  CHECK(refused.error().message() == "the token endpoint said invalid_grant: the key was revoked");
  CHECK(parse_token_response(R"({"error":"x"})", now).error().message() == "the token endpoint said x");
}

TEST_CASE("what is no answer of a token endpoint is UNAVAILABLE") {
  for (std::string const text :
       {"", "{", "[]", "null", "<html>", R"({"token_type":"Bearer"})", R"({"access_token":"a"})",
        R"({"access_token":"","token_type":"Bearer"})", R"({"access_token":7,"token_type":"Bearer"})",
        R"({"access_token":"a","token_type":"mac"})",
        R"({"access_token":"a","token_type":"Bearer","expires_in":"1"})",
        R"({"access_token":"a","token_type":"Bearer","expires_in":-1})",
        R"({"access_token":"a","token_type":"Bearer"} x)"}) {
    INFO(text);
    auto const read = parse_token_response(text, now);
    REQUIRE_FALSE(read);
    CHECK(read.error().code() == code::unavailable);
  }
  std::string const deep(2000, '[');
  CHECK(parse_token_response(deep, now).error().code() == code::unavailable);
  std::string const large = R"({"access_token":")" + std::string(70'000, 'a') + R"(","token_type":"Bearer"})";
  CHECK(parse_token_response(large, now).error().message().find("64 KiB") != std::string_view::npos);
}
