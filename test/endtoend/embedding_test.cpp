// SPDX-License-Identifier: Apache-2.0
// Calls as Asio operations, and calls in groups.
#include "world.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <thread>

using namespace endtoend;

TEST_CASE("a call is awaited inside an asio::awaitable") {
  world w;
  auto const on = w.connect();
  bool over = false;
  std::exception_ptr failure;
  asio::co_spawn(
      w.io,
      [&]() -> asio::awaitable<void> {
        TalkStub talk{*on};
        Note const said = co_await talk.Say(note("hello"))(asio::use_awaitable);
        CHECK(said.text() == "hello");
        auto const three = []() -> generator<Note> {
          for (int i = 0; i != 3; ++i) co_yield note("t");
        };
        Note const told = co_await talk.Tell(three())(asio::use_awaitable);
        CHECK(told.text() == "ttt");
        auto const [error, none] =
            co_await NobodyStub{*on}.Say(note("x"))(asio::as_tuple(asio::use_awaitable));
        CHECK(error != nullptr);
        try {
          co_await NobodyStub{*on}.Say(note("x"))(asio::use_awaitable);
          CHECK(false);
        } catch (sluice::status_error const& thrown) { CHECK(thrown.code() == code::unimplemented); }
      },
      [&](std::exception_ptr error) {
        failure = error;
        over = true;
      });
  w.until([&] { return over; });
  CHECK(failure == nullptr);
}

TEST_CASE("a call completes a callback, on the callback's executor, never in place") {
  world w;
  auto const on = w.connect();
  bool called = false;
  TalkStub{*on}.Say(note("hello"))(
      asio::bind_executor(w.executor(), [&](std::exception_ptr error, Note answer) {
        CHECK(error == nullptr);
        CHECK(answer.text() == "hello");
        called = true;
      }));
  CHECK_FALSE(called);
  w.until([&] { return called; });
  on->close();
  bool failed = false;
  TalkStub{*on}.Say(note("hello"))(asio::bind_executor(w.executor(), [&](std::exception_ptr error, Note) {
    CHECK(error != nullptr);
    failed = true;
  }));
  CHECK_FALSE(failed);
  w.until([&] { return failed; });
}

TEST_CASE("a call completes a future that another thread waits for") {
  world w;
  auto const on = w.connect();
  auto guard = asio::make_work_guard(w.io);
  std::thread runner{[&] { w.io.run(); }};
  auto answer = TalkStub{*on}.Say(note("future"))(asio::bind_executor(w.executor(), asio::use_future));
  CHECK(answer.get().text() == "future");
  auto failing = sluice::spawn(
      w.io, [](channel& to) -> task<Note> { co_return co_await NobodyStub{to}.Say(note("x")); }(*on),
      asio::use_future);
  CHECK_THROWS_AS(failing.get(), sluice::status_error);
  guard.reset();
  w.io.stop();
  runner.join();
}

TEST_CASE("a cancellation slot stops the call and its handler") {
  world w;
  sluice::event never;
  visits handlers;
  w.service.say = [&](Note said) -> task<Note> {
    visit const here{handlers};
    co_await never.wait();
    co_return said;
  };
  auto const on = w.connect();
  asio::cancellation_signal cancel;
  std::optional<code> ended;
  TalkStub{*on}.Say(note("x"))(asio::bind_cancellation_slot(
      cancel.slot(), asio::bind_executor(w.executor(), [&](std::exception_ptr error, Note) {
        try {
          std::rethrow_exception(error);
        } catch (sluice::status_error const& why) { ended = why.code(); }
      })));
  w.until([&] { return handlers.running() == 1; });
  cancel.emit(asio::cancellation_type::all);
  w.until([&] { return ended.has_value() && handlers.ended == 1; });
  CHECK(*ended == code::cancelled);
}

TEST_CASE("run gives a call's response to blocking code") {
  world w;
  auto const on = w.connect();
  CHECK(sluice::run(w.io, TalkStub{*on}.Say(note("blocking"))).text() == "blocking");
  CHECK_THROWS_AS(sluice::run(w.io, NobodyStub{*on}.Say(note("x"))), sluice::status_error);
}

TEST_CASE("when_all awaits several calls; when one fails the others are stopped, then joined") {
  world w;
  sluice::event never;
  visits waiting;
  w.service.say = [&](Note said) -> task<Note> {
    if (said.text() == "bad") co_return status{code::aborted, "bad"};
    if (said.text() == "slow") {
      visit const here{waiting};
      co_await never.wait();
    }
    co_return said;
  };
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    TalkStub talk{*on};
    auto const [a, b] = co_await sluice::when_all(talk.Say(note("a")), talk.Say(note("b")));
    CHECK(a.text() == "a");
    CHECK(b.text() == "b");
    auto const failed = co_await as_result(sluice::when_all(talk.Say(note("slow")), talk.Say(note("bad"))));
    CHECK(failed.status().code() == code::aborted);
  });
  w.until([&] { return waiting.begun == waiting.ended; });
}

TEST_CASE("first_of takes the first answer, and the loser's handler is stopped") {
  world w;
  sluice::event never;
  visits waiting;
  w.service.say = [&](Note said) -> task<Note> {
    if (said.text() == "slow") {
      visit const here{waiting};
      co_await never.wait();
    }
    if (said.text() == "bad") co_return status{code::aborted, "bad"};
    co_return said;
  };
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    TalkStub talk{*on};
    Note const first = co_await sluice::first_of(talk.Say(note("slow")), talk.Say(note("quick")));
    CHECK(first.text() == "quick");
    Note const good = co_await sluice::first_of(talk.Say(note("bad")), talk.Say(note("good")));
    CHECK(good.text() == "good");
    auto const none = co_await as_result(sluice::first_of(talk.Say(note("bad")), talk.Say(note("bad"))));
    CHECK(none.status().code() == code::aborted);
  });
  w.until([&] { return waiting.begun == waiting.ended; });
}

TEST_CASE("as_result gives a value or a status, and lets other exceptions pass") {
  world w;
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    auto const good = co_await as_result(TalkStub{*on}.Say(note("x")));
    REQUIRE(good);
    CHECK(good->text() == "x");
    CHECK(good.status().ok());
    auto const bad = co_await as_result(NobodyStub{*on}.Say(note("x")));
    CHECK_FALSE(bad);
    CHECK_THROWS_AS(bad.value(), sluice::status_error);
  });
}
