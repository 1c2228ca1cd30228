// SPDX-License-Identifier: Apache-2.0
// Misuse of a call: a status, never an abort, and the call goes on.
#include "world.hpp"

#include <sluice/testing/pipe.hpp>

using namespace endtoend;

TEST_CASE("a second read beside one that waits fails with FAILED_PRECONDITION, and the first goes on") {
  world w;
  sluice::event gate;
  w.service.listen = [&](Note) -> generator<Note> {
    co_await gate.wait();
    co_yield note("one");
  };
  auto const on = w.connect();
  auto heard = TalkStub{*on}.Listen(note("x"));
  auto const reading = w.start([&]() -> task<void> { CHECK((co_await heard.next())->text() == "one"); });
  w.until([&] { return w.server.active_calls() == 1; });
  w.run([&]() -> task<void> {
    CHECK((co_await as_result(heard.next())).status().code() == code::failed_precondition);
  });
  gate.set();
  w.join(*reading);
  w.run([&]() -> task<void> { CHECK(co_await heard.next() == nullptr); });
}

TEST_CASE("a second write beside one that waits fails with FAILED_PRECONDITION, and the first goes on") {
  world w;
  sluice::event gate;
  w.service.tell = [&](generator<Note> notes) -> task<Note> {
    co_await gate.wait();
    std::int64_t count = 0;
    while (co_await notes.next()) ++count;
    co_return note("", count);
  };
  auto const on = w.connect();
  auto told = TalkStub{*on}.Tell();
  auto const writing =
      w.start([&]() -> task<void> { co_await told.write(note(std::string(1'000'000, 'w'))); });
  w.until([&] { return w.server.active_calls() == 1; });
  w.poll();
  REQUIRE_FALSE(writing->done);
  w.run([&]() -> task<void> {
    CHECK((co_await as_result(told.write(note("y")))).status().code() == code::failed_precondition);
  });
  gate.set();
  w.join(*writing);
  w.run([&]() -> task<void> { CHECK((co_await told.finish()).number() == 1); });
}

TEST_CASE("a write after the end of the writes fails with FAILED_PRECONDITION, and the call goes on") {
  world w;
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    auto chat = TalkStub{*on}.Chat();
    co_await chat.write(note("one"));
    co_await chat.writes_done();
    CHECK((co_await as_result(chat.write(note("two")))).status().code() == code::failed_precondition);
    co_await chat.writes_done();
    CHECK((co_await chat.next())->text() == "one");
    CHECK(co_await chat.next() == nullptr);
    CHECK(chat.status().ok());
    CHECK((co_await as_result(chat.write(note("three")))).status().code() == code::failed_precondition);

    auto told = TalkStub{*on}.Tell();
    co_await told.write(note("a"));
    CHECK((co_await told.finish()).text() == "a");
    CHECK((co_await as_result(told.write(note("b")))).status().code() == code::failed_precondition);
  });
}

TEST_CASE("a write beside a generator of requests fails with FAILED_PRECONDITION") {
  world w;
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    auto const two = []() -> generator<Note> {
      co_yield note("a");
      co_yield note("b");
    };
    auto chat = TalkStub{*on}.Chat(two());
    CHECK((co_await as_result(chat.write(note("c")))).status().code() == code::failed_precondition);
    CHECK((co_await chat.next())->text() == "a");
    CHECK((co_await as_result(chat.write(note("c")))).status().code() == code::failed_precondition);
    CHECK((co_await chat.next())->text() == "b");
    CHECK(co_await chat.next() == nullptr);
  });
}

TEST_CASE("a unary call is awaited once") {
  world w;
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    auto call = TalkStub{*on}.Say(note("x"));
    co_await call;
    CHECK((co_await as_result(call)).status().code() == code::failed_precondition);
    CHECK(call.status().ok());
  });
}

TEST_CASE("a read after the end gives the end again") {
  world w;
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    auto heard = TalkStub{*on}.Listen(note("x", 1));
    CHECK(co_await heard.next() != nullptr);
    CHECK(co_await heard.next() == nullptr);
    CHECK(co_await heard.next() == nullptr);
  });
}

TEST_CASE("a handler's misuse of its request stream fails with FAILED_PRECONDITION") {
  world w;
  sluice::event misused;
  w.service.tell = [&misused](generator<Note> notes) -> task<Note> {
    sluice::scope work;
    std::string seen;
    work.spawn([](generator<Note>& from, std::string& to) -> task<void> {
      while (auto* const each = co_await from.next()) to += each->text();
    }(notes, seen));
    auto const second = co_await as_result(notes.next());
    CHECK(second.status().code() == code::failed_precondition);
    misused.set();
    co_await work.join();
    co_return note(seen);
  };
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    auto told = TalkStub{*on}.Tell();
    co_await told.write(note("a"));
    co_await misused.wait();
    co_await told.write(note("b"));
    CHECK((co_await told.finish()).text() == "ab");
  });
}

TEST_CASE("a call on a channel that was shut down fails with UNAVAILABLE") {
  world w;
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    TalkStub talk{*on};
    co_await talk.Say(note("x"));
    auto before = talk.Say(note("x"));
    co_await on->shutdown(1s);
    CHECK((co_await as_result(before)).status().code() == code::unavailable);
    CHECK((co_await as_result(talk.Say(note("x")))).status().code() == code::unavailable);
    auto heard = talk.Listen(note("x"), call_options{}.wait_for_ready());
    CHECK((co_await as_result(heard.next())).status().code() == code::unavailable);
    auto told = talk.Tell();
    CHECK((co_await as_result(told.write(note("x")))).status().code() == code::unavailable);
    CHECK((co_await as_result(on->ready())).status().code() == code::unavailable);
    CHECK(co_await on->state_changed(sluice::connectivity::ready) == sluice::connectivity::shutdown);
    co_await on->shutdown(1s);
    on->close();
    on->connect();
    CHECK(on->state() == sluice::connectivity::shutdown);
  });
}

TEST_CASE("a call that is awaited on another executor than its channel's fails with FAILED_PRECONDITION") {
  world w;
  auto const on = w.connect();
  asio::io_context elsewhere;
  auto const answer = sluice::run(elsewhere, [](channel& to) -> task<std::string> {
    auto const failed = co_await as_result(TalkStub{to}.Say(note("x")));
    co_return failed.status().to_string();
  }(*on));
  CHECK(answer.starts_with("FAILED_PRECONDITION"));
}

TEST_CASE("the requests of a call that fails before it begins are not asked for") {
  world w;
  auto const on = w.connect();
  bool asked = false;
  auto const requests = [&]() -> sluice::generator<Note> {
    asked = true;
    co_yield note("x");
  };
  asio::io_context elsewhere;
  auto const answer =
      sluice::run(elsewhere, [](channel& to, sluice::generator<Note> all) -> task<std::string> {
        auto const failed = co_await as_result(TalkStub{to}.Tell(std::move(all)));
        co_return failed.status().to_string();
      }(*on, requests()));
  CHECK(answer.starts_with("FAILED_PRECONDITION"));
  CHECK_FALSE(asked);
}

TEST_CASE("a service that is added to a server that listens or serves is refused") {
  bounded_io io;
  talk one;
  sluice::server listening{io.executor()};
  listening.listen("127.0.0.1:0");
  sluice::server serving{io.executor()};
  serving.serve(sluice::testing::make_pipe(io.executor()).second);
  for (auto* const each : {&listening, &serving}) {
    try {
      each->add(one);
      FAIL("added");
    } catch (sluice::status_error const& error) { CHECK(error.code() == code::failed_precondition); }
  }
}

TEST_CASE("this_call outside a handler fails with FAILED_PRECONDITION") {
  bounded_io io;
  try {
    io.run([]() -> task<void> { static_cast<void>(co_await sluice::this_call); });
    FAIL("found a call");
  } catch (sluice::status_error const& error) { CHECK(error.code() == code::failed_precondition); }
}
