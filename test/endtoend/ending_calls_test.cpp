// SPDX-License-Identifier: Apache-2.0
// Deadlines and cancellation: who ends a call, and who is told.
#include "world.hpp"

using namespace endtoend;

namespace {

/// A world whose handlers wait for ever, note why they were stopped, and let the test see it.
struct waiting_world : world {
  waiting_world() {
    service.say = [this](Note) { return wait(); };
    service.listen = [this](Note) { return wait_after_one(); };
    service.tell = [this](generator<Note> notes) { return wait_for_notes(std::move(notes)); };
  }
  task<Note> wait() {
    visit const here{handlers};
    sluice::server_call& call = co_await sluice::this_call;
    sluice::stop_callback const stopped{call.stop(), [this](sluice::stop_reason reason) { why = reason; }};
    deadline = call.deadline();
    co_await never.wait();
    co_return Note{};
  }
  generator<Note> wait_after_one() {
    visit const here{handlers};
    sluice::server_call& call = co_await sluice::this_call;
    sluice::stop_callback const stopped{call.stop(), [this](sluice::stop_reason reason) { why = reason; }};
    co_yield note("one");
    co_await never.wait();
  }
  task<Note> wait_for_notes(generator<Note> notes) {
    visit const here{handlers};
    sluice::server_call& call = co_await sluice::this_call;
    sluice::stop_callback const stopped{call.stop(), [this](sluice::stop_reason reason) { why = reason; }};
    while (co_await notes.next()) {}
    co_return Note{};
  }
  void until_handler_runs() {
    until([this] { return handlers.running() == 1; });
  }
  void until_handler_ended() {
    until([this] { return handlers.ended == 1; });
  }

  visits handlers;
  sluice::event never;
  sluice::stop_reason why = sluice::stop_reason::none;
  sluice::deadline deadline;
};

}  // namespace

TEST_CASE("a deadline ends the call on both sides when it passes, and not before") {
  waiting_world w;
  sluice::testing::manual_clock clock{w.executor()};
  auto const on = w.connect();
  auto const calling = w.start([&]() -> task<void> {
    auto const answer = co_await as_result(TalkStub{*on}.Say(note("x"), call_options{}.timeout(1h)));
    CHECK(answer.status().code() == code::deadline_exceeded);
    CHECK(answer.status().who() == sluice::origin::local);
  });
  w.until_handler_runs();
  CHECK(w.deadline.remaining(clock.now()) <= 1h);
  CHECK(w.deadline.remaining(clock.now()) > 59min);
  clock.advance(59min);
  w.poll();
  CHECK_FALSE(calling->done);
  CHECK(w.handlers.running() == 1);
  clock.advance(1min);
  w.join(*calling);
  w.until_handler_ended();
  CHECK((w.why == sluice::stop_reason::deadline || w.why == sluice::stop_reason::client_cancelled));
}

TEST_CASE("a point in time is a deadline as well, and the stricter of the two counts") {
  waiting_world w;
  sluice::testing::manual_clock clock{w.executor()};
  auto const on = w.connect();
  auto const calling = w.start([&]() -> task<void> {
    sluice::deadline const soon = sluice::deadline::after(clock.now(), 2s);
    auto const answer =
        co_await as_result(TalkStub{*on}.Say(note("x"), call_options{}.timeout(1h).deadline(soon)));
    CHECK(answer.status().code() == code::deadline_exceeded);
  });
  w.until_handler_runs();
  CHECK(w.deadline.remaining(clock.now()) <= 2s);
  clock.advance(2s);
  w.join(*calling);
}

TEST_CASE("a deadline that has passed sends nothing") {
  waiting_world w;
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    TalkStub talk{*on};
    auto const zero = co_await as_result(talk.Say(note("x"), call_options{}.timeout(0s)));
    CHECK(zero.status().code() == code::deadline_exceeded);
    auto const past = co_await as_result(talk.Say(note("x"), call_options{}.timeout(-1s)));
    CHECK(past.status().code() == code::deadline_exceeded);
    auto heard = talk.Listen(note("x"), call_options{}.timeout(0s));
    CHECK((co_await as_result(heard.next())).status().code() == code::deadline_exceeded);
    auto told = talk.Tell(call_options{}.timeout(0s));
    CHECK((co_await as_result(told.write(note("x")))).status().code() == code::deadline_exceeded);
    CHECK((co_await as_result(told.finish())).status().code() == code::deadline_exceeded);
  });
  CHECK(w.server.connections() == 0);
}

TEST_CASE("a deadline ends a read of a stream that waits") {
  waiting_world w;
  sluice::testing::manual_clock clock{w.executor()};
  auto const on = w.connect();
  bool first_read = false;
  auto const calling = w.start([&]() -> task<void> {
    auto heard = TalkStub{*on}.Listen(note("x"), call_options{}.timeout(5s));
    CHECK((co_await heard.next())->text() == "one");
    first_read = true;
    CHECK((co_await as_result(heard.next())).status().code() == code::deadline_exceeded);
  });
  w.until([&] { return first_read; });
  clock.advance(5s);
  w.join(*calling);
  w.until_handler_ended();
}

TEST_CASE("a deadline in a real clock's time ends the call in about that time") {
  waiting_world w;
  auto const on = w.connect();
  auto const began = std::chrono::steady_clock::now();
  w.run([&]() -> task<void> {
    auto const answer = co_await as_result(TalkStub{*on}.Say(note("x"), call_options{}.timeout(30ms)));
    CHECK(answer.status().code() == code::deadline_exceeded);
  });
  auto const took = std::chrono::steady_clock::now() - began;
  CHECK(took >= 30ms);
  CHECK(took < 5s);
}

TEST_CASE("destroying a call stops its handler") {
  waiting_world w;
  auto const on = w.connect();
  std::optional call{TalkStub{*on}.Listen(note("x"))};
  w.run([&]() -> task<void> { CHECK((co_await call->next())->text() == "one"); });
  call.reset();
  w.until_handler_ended();
  CHECK(w.why == sluice::stop_reason::client_cancelled);
  w.until([&] { return w.server.active_calls() == 0; });
  CHECK(w.server.connections() == 1);
}

TEST_CASE("destroying a call that was never awaited sends nothing") {
  waiting_world w;
  auto const on = w.connect();
  {
    auto const unary = TalkStub{*on}.Say(note("x"));
    auto const heard = TalkStub{*on}.Listen(note("x"));
    auto const told = TalkStub{*on}.Tell();
    auto const chat = TalkStub{*on}.Chat();
  }
  w.poll();
  CHECK(w.server.connections() == 0);
  CHECK(on->state() == sluice::connectivity::idle);
}

TEST_CASE("cancel ends a call that is awaited, with CANCELLED, and its handler") {
  waiting_world w;
  auto const on = w.connect();
  auto call = TalkStub{*on}.Say(note("x"));
  auto const calling = w.start([&]() -> task<void> {
    auto const answer = co_await as_result(call);
    CHECK(answer.status().code() == code::cancelled);
  });
  w.until_handler_runs();
  call.cancel();
  CHECK(call.ended());
  CHECK(call.status().code() == code::cancelled);
  w.join(*calling);
  w.until_handler_ended();
  CHECK(w.why == sluice::stop_reason::client_cancelled);
}

TEST_CASE("cancel before a call is awaited ends it when it is") {
  waiting_world w;
  auto const on = w.connect();
  auto call = TalkStub{*on}.Say(note("x"));
  call.cancel();
  w.run([&]() -> task<void> { CHECK((co_await as_result(call)).status().code() == code::cancelled); });
  auto told = TalkStub{*on}.Tell();
  told.cancel();
  w.run([&]() -> task<void> {
    CHECK((co_await as_result(told.write(note("x")))).status().code() == code::cancelled);
    CHECK((co_await as_result(told.finish())).status().code() == code::cancelled);
  });
  CHECK(w.server.connections() == 0);
}

TEST_CASE("cancel after the end changes nothing") {
  world w;
  auto const on = w.connect();
  auto call = TalkStub{*on}.Say(note("x"));
  w.run([&]() -> task<void> { co_await call; });
  call.cancel();
  CHECK(call.status().ok());
}

TEST_CASE("the stop of the awaiting task ends the call") {
  waiting_world w;
  auto const on = w.connect();
  auto const calling = w.start([&]() -> task<void> {
    sluice::scope work;
    bool ended = false;
    work.spawn([](channel& to, bool& over) -> task<void> {
      auto const answer = co_await as_result(TalkStub{to}.Say(note("x")));
      CHECK(answer.status().code() == code::cancelled);
      over = true;
    }(*on, ended));
    while (w.handlers.running() == 0) co_await asio::post(w.io, asio::deferred);
    work.request_stop();
    co_await work.join();
    CHECK(ended);
  });
  w.join(*calling);
  w.until_handler_ended();
  CHECK(w.why == sluice::stop_reason::client_cancelled);
}

TEST_CASE("a handler that reads is stopped when the client goes") {
  waiting_world w;
  auto const on = w.connect();
  std::optional call{TalkStub{*on}.Tell()};
  w.run([&]() -> task<void> { co_await call->write(note("x")); });
  w.until_handler_runs();
  call.reset();
  w.until_handler_ended();
  CHECK(w.why == sluice::stop_reason::client_cancelled);
}

TEST_CASE("a handler is stopped when the client's connection is lost") {
  waiting_world w;
  auto on = w.connect();
  auto const calling = w.start([&]() -> task<void> {
    CHECK((co_await as_result(TalkStub{*on}.Say(note("x")))).status().code() == code::unavailable);
  });
  w.until_handler_runs();
  on->close();
  w.join(*calling);
  w.until_handler_ended();
  CHECK((w.why == sluice::stop_reason::connection_lost || w.why == sluice::stop_reason::client_cancelled));
  w.until([&] { return w.server.connections() == 0; });
}
