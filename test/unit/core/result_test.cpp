// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/errc.hpp>
#include <sluice/core/result.hpp>

#include "support/catch.hpp"

#include <memory>
#include <set>
#include <string>
#include <type_traits>
#include <utility>

using namespace sluice;

namespace {
template <class R>
concept throws_for_want_of_a_value = requires(R r) { r.value(); };
}  // namespace

TEST_CASE("a result holds a value") {
  result<std::string> r{"text"};
  CHECK(r.has_value());
  CHECK(r);
  CHECK(*r == "text");
  CHECK(r->size() == 4);
  CHECK(r.value() == "text");
  CHECK(r.status().ok());
  *r = "other";
  CHECK(std::as_const(r)->size() == 5);
}

TEST_CASE("or the status that says why there is none") {
  result<int> r{status{code::not_found, "gone"}};
  CHECK(!r);
  CHECK(r.error().code() == code::not_found);
  CHECK(r.status() == status{code::not_found, "gone"});
  CHECK_THROWS_AS(r.value(), status_error);
  try {
    (void)std::move(r).value();
    FAIL("no exception");
  } catch (status_error const& e) { CHECK(e.code() == code::not_found); }
}

TEST_CASE("a result moves a value that cannot be copied") {
  result<std::unique_ptr<int>> r{std::make_unique<int>(7)};
  result<std::unique_ptr<int>> moved{std::move(r)};
  std::unique_ptr<int> const taken = *std::move(moved);
  CHECK(*taken == 7);
  result<std::unique_ptr<int>> another{std::make_unique<int>(8)};
  CHECK(*std::move(another).value() == 8);
}

TEST_CASE("the machines' results hold an errc, and have nothing to throw") {
  result<int, errc> good{5};
  result<int, errc> bad{errc::bad_header};
  CHECK(*good == 5);
  CHECK(!bad);
  CHECK(bad.error() == errc::bad_header);
  static_assert(!throws_for_want_of_a_value<result<int, errc>>);
  static_assert(throws_for_want_of_a_value<result<int>>);
}

TEST_CASE("a value of the same type as the error's code is still a value") {
  result<bool, errc> const r{false};
  CHECK(r.has_value());
  CHECK(!*r);
}

TEST_CASE("a result of nothing is ok, or says why not") {
  result<void> good;
  CHECK(good);
  CHECK(good.status().ok());
  CHECK_NOTHROW(good.value());
  result<void> bad{status{code::aborted, "x"}};
  CHECK(!bad);
  CHECK(bad.error().code() == code::aborted);
  CHECK_THROWS_AS(bad.value(), status_error);
}

TEST_CASE("each errc has its own words") {
  std::set<std::string_view> words;
  int count = 0;
  for (int i = 0; to_string(static_cast<errc>(i)) != "unknown error"; ++i, ++count) {
    REQUIRE(i < 255);
    words.insert(to_string(static_cast<errc>(i)));
  }
  CHECK(count == static_cast<int>(errc::closed) + 1);
  CHECK(words.size() == static_cast<std::size_t>(count));
}
