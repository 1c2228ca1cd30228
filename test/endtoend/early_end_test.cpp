// SPDX-License-Identifier: Apache-2.0
// The server ends a call while the client still writes.
#include "world.hpp"

using namespace endtoend;

namespace {

generator<Note> without_end(visits& counts) {
  visit const here{counts};
  for (std::int64_t i = 0;; ++i) co_yield note("more", i);
}

generator<Note> then_waiting(visits& counts, sluice::event& never) {
  visit const here{counts};
  co_yield note("one");
  co_await never.wait();
  co_yield note("not reached");
}

}  // namespace

TEST_CASE("the response of a server that has read enough stops and joins the request generator") {
  world w;
  w.service.tell = [](generator<Note> notes) -> task<Note> {
    co_await notes.next();
    co_return note("enough");
  };
  auto const on = w.connect();
  visits writers;
  w.run([&]() -> task<void> {
    CHECK((co_await TalkStub{*on}.Tell(without_end(writers))).text() == "enough");
    CHECK(writers.begun == 1);
    CHECK(writers.ended == 1);
  });
  sluice::event never;
  w.run([&]() -> task<void> {
    CHECK((co_await TalkStub{*on}.Tell(then_waiting(writers, never))).text() == "enough");
    CHECK(writers.ended == 2);
    CHECK((co_await TalkStub{*on}.Say(note("alive"))).text() == "alive");
  });
  CHECK(w.server.connections() == 1);
}

TEST_CASE("a status of the server does the same") {
  world w;
  w.service.tell = [](generator<Note>) -> task<Note> {
    co_return status{code::permission_denied, "not you"};
  };
  auto const on = w.connect();
  visits writers;
  w.run([&]() -> task<void> {
    auto const answer = co_await as_result(TalkStub{*on}.Tell(without_end(writers)));
    CHECK(answer.status().code() == code::permission_denied);
    CHECK(writers.begun == writers.ended);
  });
}

TEST_CASE("a bidirectional call that the server ends stops the request generator") {
  world w;
  w.service.chat = [](generator<Note> notes) -> generator<Note> {
    co_await notes.next();
    co_yield note("bye");
  };
  auto const on = w.connect();
  visits writers;
  sluice::event never;
  for (int round = 0; round != 2; ++round) {
    w.run([&]() -> task<void> {
      auto chat = TalkStub{*on}.Chat(round == 0 ? without_end(writers) : then_waiting(writers, never));
      CHECK((co_await chat.next())->text() == "bye");
      CHECK(co_await chat.next() == nullptr);
    });
    w.until([&] { return writers.ended == round + 1; });
  }
}

TEST_CASE("a write by hand to a call that has ended fails with its status") {
  world w;
  w.service.tell = [](generator<Note>) -> task<Note> { co_return status{code::aborted, "no"}; };
  auto const on = w.connect();
  auto call = TalkStub{*on}.Tell();
  w.run([&]() -> task<void> { co_await call.write(note("x")); });
  w.until([&] { return call.ended(); });
  w.run([&]() -> task<void> {
    CHECK((co_await as_result(call.write(note("x")))).status().code() == code::aborted);
    CHECK((co_await as_result(call.finish())).status().code() == code::aborted);
  });
}

TEST_CASE("destroying a call whose generator still runs stops the generator") {
  world w;
  sluice::event never;
  w.service.chat = [&](generator<Note> notes) -> generator<Note> {
    co_await notes.next();
    co_yield note("go on");
    co_await never.wait();
  };
  auto const on = w.connect();
  visits writers;
  w.run([&]() -> task<void> {
    {
      auto chat = TalkStub{*on}.Chat(then_waiting(writers, never));
      CHECK((co_await chat.next())->text() == "go on");
    }
    auto other = TalkStub{*on}.Chat(without_end(writers));
    CHECK((co_await other.next())->text() == "go on");
  });
  w.until([&] { return writers.ended == 2; });
}

TEST_CASE("what a request generator fails with ends its call") {
  world w;
  visits handlers;
  w.service.tell = [&](generator<Note> notes) -> task<Note> {
    visit const here{handlers};
    while (co_await notes.next()) {}
    co_return Note{};
  };
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    auto const failing = []() -> generator<Note> {
      co_yield note("one");
      co_yield status{code::data_loss, "the disk is gone"};
    };
    auto const answer = co_await as_result(TalkStub{*on}.Tell(failing()));
    CHECK(answer.status().code() == code::data_loss);
    CHECK(answer.status().message() == "the disk is gone");
    auto const throwing = []() -> generator<Note> {
      co_yield note("one");
      throw std::runtime_error{"a bug"};
    };
    auto const thrown = co_await as_result(TalkStub{*on}.Tell(throwing()));
    CHECK(thrown.status().code() == code::cancelled);
    CHECK(thrown.status().message().find("a bug") != std::string_view::npos);
  });
  w.until([&] { return handlers.begun == handlers.ended && w.server.active_calls() == 0; });
}
