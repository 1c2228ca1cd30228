// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/status.hpp>
#include <sluice/core/stop_reason.hpp>

#include "support/catch.hpp"

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

using namespace sluice;

TEST_CASE("the seventeen codes have the field's numbers and spelling") {
  constexpr std::array<std::string_view, 17> names{
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS", "UNAUTHENTICATED"};
  for (std::size_t i = 0; i < names.size(); ++i) CHECK(to_string(static_cast<code>(i)) == names[i]);
  CHECK(to_string(static_cast<code>(17)) == "UNKNOWN");
  CHECK(to_string(static_cast<code>(255)) == "UNKNOWN");
}

TEST_CASE("a default status is ok, local, and says nothing") {
  status const s;
  CHECK(s.ok());
  CHECK(s.code() == code::ok);
  CHECK(s.who() == origin::local);
  CHECK(s.message().empty());
  CHECK(s.details().empty());
  CHECK(s.to_string() == "OK");
}

TEST_CASE("a failure keeps its code, message and origin") {
  status const s{code::not_found, "no feature at this point", origin::peer};
  CHECK(!s.ok());
  CHECK(s.code() == code::not_found);
  CHECK(s.message() == "no feature at this point");
  CHECK(s.who() == origin::peer);
  CHECK(s.to_string() == "NOT_FOUND: no feature at this point");
  CHECK(status{code::aborted}.to_string() == "ABORTED");
}

TEST_CASE("a message beside ok is dropped") { CHECK(status{code::ok, "fine"} == status{}); }

TEST_CASE("details and origin are changed on a copy") {
  status const s{code::internal, "m"};
  auto const detailed = s.with_details(std::string("\0d", 2));
  CHECK(s.details().empty());
  CHECK(detailed.details() == std::string_view("\0d", 2));
  CHECK(detailed.message() == "m");
  CHECK(detailed.with_origin(origin::peer).who() == origin::peer);
  CHECK(detailed.with_origin(origin::peer).details() == detailed.details());
  CHECK(detailed.who() == origin::local);
}

TEST_CASE("copies of a status keep its words when it goes") {
  std::vector<status> copies(3);
  {
    status first{code::internal, "a message that is longer than what a string holds in place"};
    copies[0] = first;
    copies[1] = std::move(first);
    copies[2] = copies[0];
    auto const& same = copies[2];
    copies[2] = same;
  }
  for (auto const& each : copies) CHECK(each.message().ends_with("holds in place"));
  copies[0] = status{code::aborted, "other"};
  CHECK(copies[0].message() == "other");
  CHECK(copies[1] == copies[2]);
  copies.erase(copies.begin() + 1);
  CHECK(copies[1].message().ends_with("holds in place"));
}

TEST_CASE("statuses are equal by code, message and details, whoever said them") {
  CHECK(status{code::internal, "m"} == status{code::internal, "m", origin::peer});
  CHECK(!(status{code::internal, "m"} == status{code::internal, "n"}));
  CHECK(!(status{code::internal, "m"} == status{code::unknown, "m"}));
  CHECK(!(status{code::internal, "m"} == status{code::internal, "m"}.with_details("d")));
}

TEST_CASE("a status error says what its status says") {
  status_error const e{code::invalid_argument, "not a number"};
  CHECK(e.code() == code::invalid_argument);
  CHECK(e.status() == status{code::invalid_argument, "not a number"});
  CHECK(std::string{e.what()} == "INVALID_ARGUMENT: not a number");
  CHECK_THROWS_AS([] { throw status_error{status{code::aborted}}; }(), std::exception);
}

TEST_CASE("the status of a thrown status error is found without a throw, also of a derived one") {
  struct refused : status_error {
    refused() : status_error{code::permission_denied, "not you"} {}
  };
  struct decorated : std::runtime_error, refused {
    decorated() : std::runtime_error{"first base"} {}
  };
  auto const plain = std::make_exception_ptr(status_error{code::aborted, "again"});
  REQUIRE(status_of(plain) != nullptr);
  CHECK(*status_of(plain) == status{code::aborted, "again"});
  CHECK(status_of(plain) == status_of(plain));
  auto const derived = std::make_exception_ptr(refused{});
  REQUIRE(status_of(derived) != nullptr);
  CHECK(status_of(derived)->message() == "not you");
  auto const second_base = std::make_exception_ptr(decorated{});
  REQUIRE(status_of(second_base) != nullptr);
  CHECK(status_of(second_base)->code() == code::permission_denied);
  try {
    std::rethrow_exception(second_base);
  } catch (status_error const& error) { CHECK(&error.status() == status_of(second_base)); }
}

TEST_CASE("other exceptions, and none, have no status") {
  CHECK(status_of(nullptr) == nullptr);
  CHECK(status_of(std::make_exception_ptr(std::runtime_error{"x"})) == nullptr);
  CHECK(status_of(std::make_exception_ptr(status{code::aborted})) == nullptr);
  CHECK(status_of(std::make_exception_ptr(7)) == nullptr);
  status_error const error{code::aborted, "a pointer to one is none"};
  CHECK(status_of(std::make_exception_ptr(&error)) == nullptr);
}

TEST_CASE("each reason to stop has its name and its status") {
  CHECK(to_status(stop_reason::none).ok());
  CHECK(to_status(stop_reason::client_cancelled).code() == code::cancelled);
  CHECK(to_status(stop_reason::deadline).code() == code::deadline_exceeded);
  CHECK(to_status(stop_reason::connection_lost).code() == code::unavailable);
  CHECK(to_status(stop_reason::draining).code() == code::unavailable);
  CHECK(to_status(stop_reason::shutdown).code() == code::unavailable);
  CHECK(to_status(stop_reason::local).code() == code::cancelled);
  CHECK(to_string(stop_reason::none) == "none");
  CHECK(to_string(stop_reason::client_cancelled) == "client_cancelled");
  CHECK(to_string(stop_reason::deadline) == "deadline");
  CHECK(to_string(stop_reason::connection_lost) == "connection_lost");
  CHECK(to_string(stop_reason::draining) == "draining");
  CHECK(to_string(stop_reason::shutdown) == "shutdown");
  CHECK(to_string(stop_reason::local) == "local");
}
