// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/status.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace sluice;
using strings = std::vector<std::string>;

namespace {

/// What the library asks of a protobuf message; its bytes are its text, and "bad" does not parse.
struct fake_message {
  std::string text;
  [[nodiscard]] static std::string GetTypeName() { return "test.Fake"; }
  [[nodiscard]] std::string SerializeAsString() const { return text; }
  [[nodiscard]] bool ParseFromArray(void const* data, int size) {
    text.assign(static_cast<char const*>(data), static_cast<std::size_t>(size));
    return text != "bad";
  }
};
struct other_message : fake_message {
  [[nodiscard]] static std::string GetTypeName() { return "test.Other"; }
};

template <std::size_t N>
std::string bytes(char const (&text)[N]) {
  return {text, N - 1};
}

strings list(status const& of) {
  strings all;
  for (auto const& each : of.detail_list())
    all.push_back(std::string{each.type_url} + "=" + std::string{each.value});
  return all;
}

status const lost{code::not_found, "lost"};

}  // namespace

TEST_CASE("a detail makes a google.rpc.Status of the code, the message and an Any") {
  auto const with = lost.with_detail("t/a", "xyz");
  CHECK(with.details() == bytes("\x08\x05\x12\x04lost\x1a\x0a\x0a\x03t/a\x12\x03xyz"));
  CHECK(with.code() == code::not_found);
  CHECK(with.message() == "lost");
  CHECK(status{code::internal}.with_detail("u", "").details() == bytes("\x08\x0d\x1a\x03\x0a\x01u"));
  CHECK(lost.details().empty());
}

TEST_CASE("details are kept in their order, and found by their type") {
  auto const with = lost.with_detail(fake_message{"first"})
                        .with_detail(other_message{{"second"}})
                        .with_detail(fake_message{"third"});
  CHECK(list(with) == strings{"type.googleapis.com/test.Fake=first", "type.googleapis.com/test.Other=second",
                              "type.googleapis.com/test.Fake=third"});
  REQUIRE(with.detail<fake_message>());
  CHECK(with.detail<fake_message>()->text == "first");
  CHECK(with.detail<other_message>()->text == "second");
  CHECK(status_error{with}.detail<other_message>()->text == "second");
  CHECK_FALSE(lost.detail<fake_message>());
}

TEST_CASE("a detail that does not parse is passed over") {
  auto const with = lost.with_detail(fake_message{"bad"}).with_detail(fake_message{"good"});
  CHECK(with.detail<fake_message>()->text == "good");
}

TEST_CASE("a type is what stands behind the last slash") {
  CHECK(status_detail{"a/b/test.Fake", ""}.type_name() == "test.Fake");
  CHECK(status_detail{"test.Fake", ""}.type_name() == "test.Fake");
  CHECK(status_detail{"", ""}.type_name().empty());
  CHECK(lost.with_detail("anywhere.example/test.Fake", "x").detail<fake_message>());
  CHECK_FALSE(lost.with_detail("type.googleapis.com/some.test.Fake", "x").detail<fake_message>());
}

TEST_CASE(
    "a further detail leaves the others and unknown fields as they were, and puts code and message right") {
  std::string const unknown = bytes("\xa0\x06\x07");                                // field 100, a varint
  std::string const earlier = bytes("\x08\x02\x12\x03old\x1a\x06\x0a\x01p\x12\x01q") + unknown;
  auto const with = lost.with_details(earlier).with_detail("r", "s");
  CHECK(with.details() == bytes("\x08\x05\x12\x04lost\x1a\x06\x0a\x01p\x12\x01q") + unknown +
                              bytes("\x1a\x06\x0a\x01r\x12\x01s"));
  CHECK(list(with) == strings{"p=q", "r=s"});
}

TEST_CASE("bytes that are no Status have no details, and are replaced by a first one") {
  for (auto const& garbage :
       {bytes("\xff"), bytes("\x1a\x7f"), bytes("garbage"), bytes("\0"), bytes("\x1b\x1c"),
        bytes("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")}) {
    auto const of = lost.with_details(garbage);
    CHECK(of.details() == garbage);
    CHECK(of.detail_list().empty());
    CHECK_FALSE(of.detail<fake_message>());
    CHECK(list(of.with_detail("a", "b")) == strings{"a=b"});
  }
}

TEST_CASE("a Status that is cut off anywhere gives the details before the cut") {
  std::string const whole{lost.with_detail("a", "b").with_detail("c", std::string(300, 'd')).details()};
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    auto const of = lost.with_details(whole.substr(0, size));
    std::size_t const expected = size == whole.size() ? 2 : size >= 16 ? 1 : 0;
    INFO(size);
    CHECK(list(of).size() == expected);
  }
}

TEST_CASE("an Any that is broken is passed over") {
  auto const of = lost.with_details(bytes("\x1a\x02\x0a\x7f\x1a\x03\x0a\x01u"));
  CHECK(list(of) == strings{"u="});
}

TEST_CASE("a number that is no code travels as UNKNOWN, in the details too") {
  CHECK(status{static_cast<code>(99), ""}.with_detail("u", "").details().starts_with("\x08\x02"));
}
