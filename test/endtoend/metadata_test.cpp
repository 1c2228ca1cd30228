// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

using namespace endtoend;

namespace {

using strings = std::vector<std::string_view>;

// Not written inside an awaited expression: g++ 12 does not compile an initializer_list there.
call_options with_entry(std::string_view key, std::string_view value) {
  return call_options{}.metadata({{key, value}});
}

}  // namespace

TEST_CASE("metadata goes both ways, in order, duplicates and binary values included") {
  world w;
  std::string const bytes{"\x00\xff\x01 binary", 10};
  w.service.say = [&](Note said) -> task<Note> {
    auto& call = co_await sluice::this_call;
    CHECK(call.metadata().get_all("x-twice") == strings{"first", "second"});
    CHECK(call.metadata().get("x-blob-bin") == bytes);
    CHECK_FALSE(call.metadata().contains("grpc-timeout"));
    CHECK_FALSE(call.metadata().contains("user-agent"));
    CHECK(call.method() == "/endtoend.Talk/Say");
    CHECK(call.peer().starts_with("ipv4:127.0.0.1:"));
    CHECK(call.authority() == w.address.substr(5));
    call.add_initial_metadata("x-early", "1");
    call.add_initial_metadata("x-early", "2");
    call.add_initial_metadata("x-early-bin", bytes);
    call.add_trailing_metadata("x-late", "3");
    call.add_trailing_metadata("x-late", "4");
    call.add_trailing_metadata("x-late-bin", bytes);
    co_return said;
  };
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    sluice::metadata sent{{"x-twice", "first"}, {"x-twice", "second"}};
    sent.add("x-blob-bin", bytes);
    auto call = TalkStub{*on}.Say(note("x"), call_options{}.metadata(std::move(sent)));
    CHECK(call.peer().empty());
    CHECK_FALSE(call.ended());
    co_await call;
    CHECK(call.ended());
    CHECK(call.status().ok());
    CHECK(call.peer() == w.address);
    CHECK(call.initial_metadata().get_all("x-early") == strings{"1", "2"});
    CHECK(call.initial_metadata().get("x-early-bin") == bytes);
    CHECK(call.initial_metadata().size() == 3);
    CHECK(call.trailing_metadata().get_all("x-late") == strings{"3", "4"});
    CHECK(call.trailing_metadata().get("x-late-bin") == bytes);
    CHECK(call.trailing_metadata().size() == 3);
  });
}

TEST_CASE("a failed call brings its metadata, its details and who said it") {
  world w;
  w.service.say = [](Note) -> task<Note> {
    auto& call = co_await sluice::this_call;
    call.add_initial_metadata("x-early", "1");
    call.add_trailing_metadata("x-late", "2");
    co_return status{code::not_found, "nichts: \xc3\xa4\n%"}.with_details(std::string{"\x08\x05\x00", 3});
  };
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    auto call = TalkStub{*on}.Say(note("x"));
    auto const answer = co_await as_result(call);
    REQUIRE_FALSE(answer);
    CHECK(answer.status().code() == code::not_found);
    CHECK(answer.status().message() == "nichts: \xc3\xa4\n%");
    CHECK(answer.status().details() == std::string_view{"\x08\x05\x00", 3});
    CHECK(answer.status().who() == sluice::origin::peer);
    CHECK(call.status() == answer.status());
    CHECK(call.initial_metadata().get("x-early") == "1");
    CHECK(call.trailing_metadata().get("x-late") == "2");
  });
}

TEST_CASE("initial metadata arrives before the first message when the handler sends it") {
  world w;
  sluice::event go_on;
  w.service.chat = [&](generator<Note>) -> generator<Note> {
    auto& call = co_await sluice::this_call;
    call.add_initial_metadata("x-early", "1");
    call.send_initial_metadata();
    CHECK_THROWS_AS(call.add_initial_metadata("x-later", "2"), sluice::status_error);
    co_await go_on.wait();
    co_yield note("first");
  };
  auto const on = w.connect();
  auto call = TalkStub{*on}.Chat();
  auto const reading = w.start([&]() -> task<void> {
    CHECK(co_await call.next() != nullptr);
    CHECK(co_await call.next() == nullptr);
  });
  w.until([&] { return call.initial_metadata().get("x-early") == "1"; });
  CHECK_FALSE(reading->done);
  go_on.set();
  w.join(*reading);
}

TEST_CASE("a streaming call has its metadata, status and peer too") {
  world w;
  w.service.listen = [](Note) -> generator<Note> {
    auto& call = co_await sluice::this_call;
    call.add_initial_metadata("x-early", "1");
    co_yield note("only");
    call.add_trailing_metadata("x-late", "2");
    co_yield status{code::aborted, "enough"};
  };
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    auto call = TalkStub{*on}.Listen(note("x"));
    CHECK((co_await call.next())->text() == "only");
    CHECK(call.initial_metadata().get("x-early") == "1");
    CHECK(call.peer() == w.address);
    auto const end = co_await as_result(call.next());
    CHECK(end.status().code() == code::aborted);
    CHECK(call.trailing_metadata().get("x-late") == "2");
    CHECK(call.status() == end.status());
    CHECK(co_await call.next() == nullptr);
  });
}

TEST_CASE("metadata that cannot travel fails its call before it is sent, naming the key") {
  world w;
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    TalkStub talk{*on};
    for (std::string_view const key : {"grpc-status", "with space", ":path", "te"}) {
      auto const answer = co_await as_result(talk.Say(note("x"), with_entry(key, "v")));
      CHECK(answer.status().code() == code::invalid_argument);
      CHECK(answer.status().message().find(key) != std::string_view::npos);
    }
    auto const answer = co_await as_result(talk.Say(note("x"), with_entry("x-line", "a\nb")));
    CHECK(answer.status().code() == code::invalid_argument);
  });
  CHECK(w.server.connections() == 0);
}

TEST_CASE("headers larger than a limit fail the call, whichever side's limit it is") {
  world w;
  w.service.say = [](Note said) -> task<Note> {
    auto& call = co_await sluice::this_call;
    if (said.text() == "much") call.add_trailing_metadata("x-much", std::string(20'000, 'm'));
    co_return said;
  };
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    TalkStub talk{*on};
    auto const answer =
        co_await as_result(talk.Say(note("x"), with_entry("x-much", std::string(20'000, 'm'))));
    CHECK(answer.status().code() == code::resource_exhausted);
    auto const back = co_await as_result(talk.Say(note("much")));
    CHECK(back.status().code() == code::resource_exhausted);
    CHECK((co_await talk.Say(note("alive"))).text() == "alive");
  });
}

TEST_CASE("response metadata above 63 KiB is refused where it is added, and the call goes on") {
  bool const trailing = GENERATE(true, false);
  world w;
  w.service.say = [&](Note said) -> task<Note> {
    auto& call = co_await sluice::this_call;
    auto const add = [&](std::string_view key, std::size_t size) {
      std::string const value(size, 'm');
      if (trailing) call.add_trailing_metadata(key, value);
      else call.add_initial_metadata(key, value);
    };
    add("x-large", 40'000);
    for (auto const& [key, size] : {std::pair{"x-more", 24'500}, std::pair{"x-more-bin", 18'400}}) {
      std::optional<status> refused;
      try {
        add(key, static_cast<std::size_t>(size));
      } catch (sluice::status_error const& error) { refused = error.status(); }
      REQUIRE(refused);
      CHECK(refused->code() == code::resource_exhausted);
      CHECK(refused->message().find("63 KiB") != std::string_view::npos);
    }
    add("x-small", 20'000);
    co_return said;
  };
  auto const on = w.connect({.max_header_list_size = 70'000});
  w.run([&]() -> task<void> {
    auto call = TalkStub{*on}.Say(note("x"));
    CHECK((co_await call).text() == "x");
    auto const& got = trailing ? call.trailing_metadata() : call.initial_metadata();
    CHECK(got.size() == 2);
    CHECK(got.get("x-large").value_or("").size() == 40'000);
    CHECK(got.get("x-small").value_or("").size() == 20'000);
  });
}

TEST_CASE("a status that is too large to be sent becomes RESOURCE_EXHAUSTED, which says how large it was") {
  bool const behind_headers = GENERATE(true, false);
  world w;
  w.service.say = [&](Note said) -> task<Note> {
    auto& call = co_await sluice::this_call;
    if (behind_headers) call.send_initial_metadata();
    call.add_trailing_metadata("x-late", "1");
    if (said.text() == "details")
      co_return status{code::not_found, "no"}.with_details(std::string(80'000, 'd'));
    std::string umlauts;
    for (int i = 0; i != 15'000; ++i) umlauts += "\xc3\xa4";
    co_return status{code::not_found, umlauts};
  };
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    // As base64, and percent-encoded.
    for (auto const& [what, size] : {std::pair{"details", "106"}, std::pair{"message", "90"}}) {
      auto const answer = co_await as_result(TalkStub{*on}.Say(note(what)));
      CHECK(answer.status().code() == code::resource_exhausted);
      CHECK(answer.status().who() == sluice::origin::peer);
      CAPTURE(answer.status().message());
      CHECK(answer.status().message().find("NOT_FOUND") != std::string_view::npos);
      CHECK(answer.status().message().find(std::string{"metadata of "} + size) != std::string_view::npos);
    }
  });
  CHECK(w.server.connections() == 1);
  CHECK(w.server.active_calls() == 0);
}
