// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

using namespace endtoend;

TEST_CASE("an error carries its details to the client, typed") {
  world w;
  w.service.say = [](Note said) -> task<Note> {
    co_return status{code::failed_precondition, "not now ☺"}.with_detail(note("first", 1)).with_detail(said);
  };
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    try {
      static_cast<void>(co_await TalkStub{*on}.Say(note("second", 2)));
      FAIL("it succeeded");
    } catch (sluice::status_error const& error) {
      CHECK(error.code() == code::failed_precondition);
      CHECK(error.status().message() == "not now ☺");
      auto const first = error.detail<Note>();
      REQUIRE(first);
      CHECK(first->text() == "first");
      int count = 0;
      for (auto const& each : error.detail_list()) {
        CHECK(each.type_url == "type.googleapis.com/endtoend.Note");
        ++count;
      }
      CHECK(count == 2);
    }
  });
}

TEST_CASE("details of a type that nobody here knows go through a relay untouched") {
  std::string const raw("\x08\x09\x12\x02hi\x1a\x10\x0a\x05x.y/z\x12\x07\xff\x00garble\xa0\x06\x01", 28);
  world origin;
  origin.service.say = [&](Note) -> task<Note> {
    co_return status{code::failed_precondition, "hi"}.with_details(raw);
  };
  auto const to_origin = origin.connect_in_process();
  world relay;
  auto const failed = origin.run([&] { return as_result(TalkStub{*to_origin}.Say(note("x"))); });
  CHECK(failed.status().details() == raw);
  relay.service.say = [&](Note) -> task<Note> { co_return failed.status(); };
  auto const on = relay.connect();
  auto const how = relay.run([&] { return as_result(TalkStub{*on}.Say(note("x"))); });
  CHECK(how.status().details() == raw);
  CHECK_FALSE(how.status().detail<Note>());
}

TEST_CASE("details that do not fit into the trailers end the call with RESOURCE_EXHAUSTED") {
  world w;
  w.service.say = [](Note) -> task<Note> {
    co_return status{code::aborted, "much"}.with_detail(note(std::string(70'000, 'x')));
  };
  auto const on = w.connect();
  auto const how = w.run([&] { return as_result(TalkStub{*on}.Say(note("x"))); });
  CHECK(how.status().code() == code::resource_exhausted);
}
