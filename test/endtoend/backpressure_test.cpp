// SPDX-License-Identifier: Apache-2.0
// Who writes faster than the other end reads is made to wait: memory is bounded, and nothing is lost.
#include "megabytes.hpp"
#include "world.hpp"

using namespace endtoend;

namespace {

constexpr std::int64_t message_size = 1000;
// The receive window (256 KiB) and the sender's own buffer (32 KiB), in messages, with room for what one turn adds.
constexpr std::int64_t in_flight_limit = (256 + 32 + 64) * 1024 / message_size;
constexpr std::uint32_t no_larger = 256 * 1024;  // connection_window: the stream's does not grow

}  // namespace

TEST_CASE("a handler's co_yield waits while the client does not read") {
  bool const in_memory = GENERATE(true, false);
  world w;
  std::int64_t produced = 0;
  visits handlers;
  w.service.listen = [&](Note asked) -> generator<Note> {
    visit const here{handlers};
    for (; produced != asked.number(); ++produced) co_yield note(std::string(message_size, 'm'), produced);
  };
  auto const on = in_memory ? w.connect_in_process({.connection_window = no_larger})
                            : w.connect({.connection_window = no_larger});
  auto heard = TalkStub{*on}.Listen(note("", 5000));
  w.run([&]() -> task<void> { CHECK((co_await heard.next())->number() == 0); });
  w.poll();
  CHECK(produced > 1);
  CHECK(produced < in_flight_limit);
  CHECK(handlers.running() == 1);
  auto const at_rest = produced;
  w.poll();
  CHECK(produced == at_rest);
  w.run([&]() -> task<void> {
    std::int64_t next = 1;
    while (auto* const each = co_await heard.next()) {
      CHECK(each->number() == next++);
      CHECK(produced - next < in_flight_limit);
    }
    CHECK(next == 5000);
  });
  CHECK(handlers.ended == 1);
}

TEST_CASE("what a stream's window has grown to bounds what is on its way, too") {
  bool const in_memory = GENERATE(true, false);
  world w;
  std::int64_t produced = 0;
  w.service.listen = [&](Note asked) -> generator<Note> {
    for (; produced != asked.number(); ++produced) co_yield note(std::string(message_size, 'm'), produced);
  };
  auto const on = in_memory ? w.connect_in_process() : w.connect();
  auto heard = TalkStub{*on}.Listen(note("", 100'000));
  constexpr std::int64_t limit = (4096 + 32 + 64) * 1024 / message_size;  // connection_window, as above
  w.run([&]() -> task<void> {
    for (std::int64_t next = 0; next != 20'000; ++next) {
      CHECK((co_await heard.next())->number() == next);
      CHECK(produced - next < limit);
    }
  });
  w.poll();
  CHECK(produced < 20'000 + limit);
}

TEST_CASE("a request generator waits while the handler does not read") {
  bool const in_memory = GENERATE(true, false);
  world w;
  sluice::event read_on;
  w.service.tell = [&](generator<Note> notes) -> task<Note> {
    co_await read_on.wait();
    std::int64_t count = 0;
    while (auto* const each = co_await notes.next()) CHECK(each->number() == count++);
    co_return note("", count);
  };
  std::int64_t produced = 0;
  auto const writing = [&]() -> generator<Note> {
    for (; produced != 5000; ++produced) co_yield note(std::string(message_size, 'm'), produced);
  };
  auto const on = in_memory ? w.connect_in_process() : w.connect();
  auto const telling =
      w.start([&]() -> task<void> { CHECK((co_await TalkStub{*on}.Tell(writing())).number() == 5000); });
  w.until([&] { return w.server.active_calls() == 1; });
  w.poll();
  CHECK(produced > 1);
  CHECK(produced < in_flight_limit);
  CHECK_FALSE(telling->done);
  read_on.set();
  w.join(*telling);
}

TEST_CASE("a write by hand waits while the handler does not read") {
  world w;
  sluice::event read_on;
  w.service.tell = [&](generator<Note> notes) -> task<Note> {
    co_await read_on.wait();
    std::int64_t count = 0;
    while (co_await notes.next()) ++count;
    co_return note("", count);
  };
  auto const on = w.connect();
  std::int64_t written = 0;
  auto const telling = w.start([&]() -> task<void> {
    auto call = TalkStub{*on}.Tell();
    for (; written != 2000; ++written) co_await call.write(note(std::string(message_size, 'm')));
    CHECK((co_await call.finish()).number() == 2000);
  });
  w.until([&] { return w.server.active_calls() == 1; });
  w.poll();
  CHECK(written > 1);
  CHECK(written < in_flight_limit);
  read_on.set();
  w.join(*telling);
}

TEST_CASE("a stream that nobody reads does not hold up the other calls of its connection") {
  world w;
  w.service.listen = [&](Note) -> generator<Note> {
    for (;;) co_yield note(std::string(message_size, 'm'));
  };
  auto const on = w.connect();
  std::vector<sluice::server_streaming_call<Note>> unread;
  for (int i = 0; i != 5; ++i) unread.push_back(TalkStub{*on}.Listen(note("")));
  w.run([&]() -> task<void> {
    for (auto& each : unread) co_await each.next();
    for (int i = 0; i != 10; ++i)
      CHECK((co_await TalkStub{*on}.Say(note(std::string(100'000, 'x')))).text().size() == 100'000);
  });
  unread.clear();
  w.until([&] { return w.server.active_calls() == 0; });
}

TEST_CASE("megabytes come whole in both directions at once") {
  bool const in_memory = GENERATE(true, false);
  world w;
  auto const on = in_memory ? w.connect_in_process() : w.connect();
  w.run([&] { return megabytes_each_way(*on); });
}

TEST_CASE("a handler that never waits lets the others have their turn") {
  world w;
  w.service.listen = [&](Note) -> generator<Note> {
    for (;;) co_yield note("tiny");
  };
  auto const on = w.connect();
  auto endless = TalkStub{*on}.Listen(note(""));
  bool stop = false;
  auto const reading = w.start([&]() -> task<void> {
    while (!stop) co_await endless.next();
  });
  w.until([&] { return endless.peer() != ""; });
  w.run([&]() -> task<void> {
    for (int i = 0; i != 20; ++i) co_await TalkStub{*on}.Say(note("me too"));
  });
  stop = true;
  w.join(*reading);
}
