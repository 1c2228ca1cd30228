// SPDX-License-Identifier: Apache-2.0
// More calls than a connection may carry at a time: they queue in the client.
#include "world.hpp"

#include <algorithm>

using namespace endtoend;

namespace {

task<void> say_number(channel& on, std::int64_t number, int& answered) {
  Note const answer = co_await TalkStub{on}.Say(note("", number));
  CHECK(answer.number() == number);
  ++answered;
}

}  // namespace

TEST_CASE("calls beyond the server's limit of streams wait in the client, in order, and all are served") {
  int const count = GENERATE(100, 1000);
  world w{{.max_concurrent_streams = 10}};
  sluice::event gate;
  visits handlers;
  int most = 0;
  std::vector<std::int64_t> order;
  w.service.say = [&](Note said) -> task<Note> {
    visit const here{handlers};
    most = std::max(most, handlers.running());
    order.push_back(said.number());
    co_await gate.wait();
    co_return said;
  };
  auto const on = w.connect();
  int answered = 0;
  auto const calling = w.start([&]() -> task<void> {
    sluice::scope work;
    for (int i = 0; i != count; ++i) work.spawn(say_number(*on, i, answered));
    co_await work.join();
  });
  w.until([&] { return handlers.running() == 10; });
  w.poll();
  CHECK(handlers.running() == 10);
  CHECK(answered == 0);
  gate.set();
  w.join(*calling);
  CHECK(answered == count);
  CHECK(most == 10);
  CHECK(w.server.connections() == 1);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("a call that waits for a stream can be cancelled, and its deadline counts") {
  world w{{.max_concurrent_streams = 1}};
  sluice::testing::manual_clock clock{w.executor()};
  sluice::event gate;
  visits handlers;
  w.service.say = [&](Note said) -> task<Note> {
    visit const here{handlers};
    co_await gate.wait();
    co_return said;
  };
  auto const on = w.connect();
  auto const first = w.start([&]() -> task<void> { co_await TalkStub{*on}.Say(note("first")); });
  w.until([&] { return handlers.running() == 1; });
  auto late = TalkStub{*on}.Say(note("late"), call_options{}.timeout(5s));
  auto const second = w.start(
      [&]() -> task<void> { CHECK((co_await as_result(late)).status().code() == code::deadline_exceeded); });
  auto unwanted = TalkStub{*on}.Say(note("unwanted"));
  auto const third = w.start(
      [&]() -> task<void> { CHECK((co_await as_result(unwanted)).status().code() == code::cancelled); });
  w.poll();
  CHECK(unwanted.peer().empty());
  unwanted.cancel();
  w.join(*third);
  clock.advance(5s);
  w.join(*second);
  gate.set();
  w.join(*first);
  w.run([&]() -> task<void> { co_await TalkStub{*on}.Say(note("next")); });
  CHECK(handlers.begun == 2);
}

TEST_CASE("streams of all kinds run side by side on one connection") {
  world w;
  auto const on = w.connect();
  int done = 0;
  w.run([&]() -> task<void> {
    sluice::scope work;
    for (int i = 0; i != 25; ++i) {
      work.spawn(say_number(*on, i, done));
      work.spawn([](channel& to, int& over) -> task<void> {
        auto heard = TalkStub{to}.Listen(note(std::string(500, 'l'), 200));
        int seen = 0;
        while (co_await heard.next()) ++seen;
        CHECK(seen == 200);
        ++over;
      }(*on, done));
      work.spawn([](channel& to, int& over) -> task<void> {
        auto chat = TalkStub{to}.Chat();
        for (int n = 0; n != 50; ++n) {
          co_await chat.write(note("", n));
          CHECK((co_await chat.next())->number() == n);
        }
        co_await chat.writes_done();
        CHECK(co_await chat.next() == nullptr);
        ++over;
      }(*on, done));
    }
    co_await work.join();
  });
  CHECK(done == 75);
  CHECK(w.server.connections() == 1);
}

TEST_CASE("a server takes no more connections than its limit, and the next when one closes") {
  world w{{.max_connections = 2}};
  auto first = w.connect();
  auto const second = w.connect();
  auto const third = w.connect();
  for (auto* const each : {first.get(), second.get()})
    w.run([&]() -> task<void> { co_await TalkStub{*each}.Say(note("x")); });
  CHECK(w.server.connections() == 2);
  auto const waiting = w.start([&]() -> task<void> { co_await TalkStub{*third}.Say(note("x")); });
  w.poll();
  CHECK_FALSE(waiting->done);
  CHECK(w.server.connections() == 2);
  first.reset();
  w.join(*waiting);
  CHECK(w.server.connections() == 2);
}
