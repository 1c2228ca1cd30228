// SPDX-License-Identifier: Apache-2.0
// Calls and handlers on the bytes of messages.
#include "world.hpp"

using namespace endtoend;
using sluice::generic_stub;
using sluice::raw_message;

namespace {

raw_message raw(Note const& what) { return raw_message{what.SerializeAsString()}; }
Note parsed(raw_message const& bytes) {
  Note made;
  REQUIRE(made.ParseFromString(std::string{bytes.text()}));
  return made;
}

/// Answers each request with what it was called, and the request.
struct fallback final : sluice::generic_service {
  generator<raw_message> handle(generator<raw_message> requests) override {
    sluice::server_call& call = co_await sluice::this_call;
    call.add_initial_metadata("x-method", call.method());
    call.add_initial_metadata("x-codec", call.content_subtype());
    if (call.method() == "/any.Thing/HeadersFirst") call.send_initial_metadata();
    while (auto* const each = co_await requests.next())
      co_yield raw_message{std::string{call.method()} + "=" + std::string{each->text()}};
    call.add_trailing_metadata("x-end", "yes");
    if (call.method() == "/any.Thing/Fails")
      co_yield status{code::data_loss, "lost"}.with_details("the details");
  }
  bool sluice_accepts_subtype(std::string_view subtype) const noexcept override { return subtype == "json"; }
};

struct any_world : world {
  any_world() { server.add_fallback(any); }
  fallback any;
};

}  // namespace

TEST_CASE("a generic unary call has the bytes of a typed one") {
  world w;
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    generic_stub const any{*on};
    raw_message const reply = co_await any.unary("/endtoend.Talk/Say", raw(note("hello", 7)));
    CHECK(parsed(reply).text() == "hello");
    CHECK(parsed(reply).number() == 7);
  });
}

TEST_CASE("a generic call has all four kinds, by hand and by a generator") {
  world w;
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    generic_stub const any{*on};
    for (std::string const method : {"Say", "Listen", "Tell", "Chat"}) {
      auto call = any.call("/endtoend.Talk/" + method);  // the path is a temporary
      co_await call.write(raw(note("x", 2)));
      co_await call.writes_done();
      int count = 0;
      while (auto* const each = co_await call.next()) {
        CHECK(parsed(*each).text() == "x");
        ++count;
      }
      CHECK(count == (method == "Listen" ? 2 : 1));
    }
    auto const notes = []() -> generator<raw_message> {
      for (int i = 0; i != 2000; ++i) co_yield raw(note("n", i));
    };
    auto chat = any.call("/endtoend.Talk/Chat", notes());
    std::int64_t next = 0;
    while (auto* const each = co_await chat.next()) CHECK(parsed(*each).number() == next++);
    CHECK(next == 2000);
  });
}

TEST_CASE("a path that cannot be one fails a generic call with INVALID_ARGUMENT") {
  world w;
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    generic_stub const any{*on};
    for (std::string const path : {"", "no.Slash/First", "/with space/x", "/line\r\nbreak/x", "/ünicode/x"}) {
      auto const how = co_await as_result(any.unary(path, raw_message{}));
      CHECK(how.status().code() == code::invalid_argument);
    }
  });
}

TEST_CASE("the fallback serves what no service has, and nothing else") {
  any_world w;
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    CHECK((co_await TalkStub{*on}.Say(note("typed"))).text() == "typed");
    generic_stub const any{*on};
    for (std::string const path : {"/any.Thing/Do", "/endtoend.Talk/Unknown"}) {
      auto call = any.unary(path, raw_message{"?"});
      raw_message const reply = co_await call;
      CHECK(reply.text() == path + "=?");
      CHECK(call.initial_metadata().get("x-method") == path);
      CHECK(call.trailing_metadata().get("x-end") == "yes");
    }
  });
}

TEST_CASE("the fallback fails a call with status, details and trailing metadata") {
  any_world w;
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    auto call = generic_stub{*on}.call("/any.Thing/Fails");
    co_await call.writes_done();
    auto const how = co_await as_result(call.next());
    CHECK(how.status().code() == code::data_loss);
    CHECK(how.status().details() == "the details");
    CHECK(call.trailing_metadata().get("x-end") == "yes");
  });
}

TEST_CASE("initial metadata can be waited for without a message") {
  any_world w;
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    auto call = generic_stub{*on}.call("/any.Thing/HeadersFirst");
    CHECK(co_await call.headers());
    CHECK(call.initial_metadata().get("x-method") == "/any.Thing/HeadersFirst");
    CHECK(co_await call.headers());
    co_await call.writes_done();
    CHECK(co_await call.next() == nullptr);

    auto none = generic_stub{*on}.call("/endtoend.Talk/Say");
    none.cancel();
    CHECK_FALSE(co_await none.headers());
  });
}

TEST_CASE("a stop takes away whoever waits for initial metadata, and the call goes on") {
  any_world w;
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    auto call = generic_stub{*on}.call("/any.Thing/Late");
    co_await call.write(raw_message{"1"});
    CHECK((co_await call.next())->text() == "/any.Thing/Late=1");
    sluice::event gate;
    w.service.chat = [&gate](generator<Note> notes) -> generator<Note> {
      co_await gate.wait();
      while (auto* const each = co_await notes.next()) co_yield *each;
    };
    auto chat = TalkStub{*on}.Chat();
    co_await chat.write(note("kept"));
    sluice::scope impatient;
    impatient.spawn([](auto& which) -> task<void> { co_await which.headers(); }(chat));
    impatient.request_stop();
    static_cast<void>(co_await as_result(impatient.join()));
    gate.set();
    CHECK((co_await chat.next())->text() == "kept");
  });
}

TEST_CASE("a codec that the handler takes is answered in the same, others are refused with 415") {
  any_world w;
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    generic_stub const any{*on};
    auto json = any.unary("/any.Thing/Do", raw_message{"{}"}, call_options{}.content_subtype("json"));
    CHECK((co_await json).text() == "/any.Thing/Do={}");
    CHECK(json.initial_metadata().get("x-codec") == "json");
    auto proto = any.unary("/any.Thing/Do", raw_message{}, call_options{}.content_subtype("proto"));
    co_await proto;
    CHECK(proto.initial_metadata().get("x-codec") == "");

    auto const refused =
        co_await as_result(any.unary("/any.Thing/Do", raw_message{}, call_options{}.content_subtype("xml")));
    CHECK(refused.status().message().find("415") != std::string_view::npos);
    auto const typed = co_await as_result(
        any.unary("/endtoend.Talk/Say", raw_message{}, call_options{}.content_subtype("json")));
    CHECK(typed.status().message().find("415") != std::string_view::npos);
    auto const bad = co_await as_result(
        any.unary("/any.Thing/Do", raw_message{}, call_options{}.content_subtype("JSON;")));
    CHECK(bad.status().code() == code::invalid_argument);
  });
}

TEST_CASE("a second fallback, and one that comes late, are refused") {
  any_world w;
  fallback other;
  auto const code_of = [&] {
    try {
      w.server.add_fallback(other);
    } catch (sluice::status_error const& error) { return error.code(); }
    return code::ok;
  };
  CHECK(code_of() == code::already_exists);
  auto const on = w.connect();
  CHECK(code_of() == code::failed_precondition);
}
