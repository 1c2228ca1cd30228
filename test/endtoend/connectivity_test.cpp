// SPDX-License-Identifier: Apache-2.0
// Connecting, waiting, losing and finding a connection again.
#include "world.hpp"

#include <unistd.h>

#include <algorithm>

using namespace endtoend;
using sluice::connectivity;

namespace {

/// A path that nothing listens on yet.
std::string socket_path(std::string_view what) {
  std::string path = "/tmp/sluice-endtoend-" + std::string{what} + "-" + std::to_string(::getpid()) + ".sock";
  ::unlink(path.c_str());
  return "unix:" + path;
}

/// The channel's states, as somebody sees them who awaits each change.
task<void> watch(channel& on, std::vector<connectivity>& seen) {
  auto state = on.state();
  seen.push_back(state);
  while (state != connectivity::shutdown) {
    state = co_await on.state_changed(state);
    seen.push_back(state);
  }
}

}  // namespace

TEST_CASE("a channel connects with its first call, and its states can be awaited") {
  world w;
  auto const on = w.connect();
  CHECK(on->state() == connectivity::idle);
  std::vector<connectivity> seen;
  auto const watching = w.start([&] { return watch(*on, seen); });
  w.poll();
  CHECK(w.server.connections() == 0);
  w.run([&]() -> task<void> { co_await TalkStub{*on}.Say(note("x")); });
  CHECK(on->state() == connectivity::ready);
  w.run([&] { return on->shutdown(1s); });
  w.join(*watching);
  CHECK(on->state() == connectivity::shutdown);
  CHECK(seen.front() == connectivity::idle);
  CHECK(seen.back() == connectivity::shutdown);
  CHECK(std::find(seen.begin(), seen.end(), connectivity::ready) != seen.end());
}

TEST_CASE("connect and ready connect without a call") {
  world w;
  auto const on = w.connect();
  w.run([&] { return on->ready(); });
  CHECK(on->state() == connectivity::ready);
  CHECK(w.server.connections() == 1);
  auto const other = w.connect();
  other->connect();
  CHECK(other->state() == connectivity::connecting);
  w.until([&] { return other->state() == connectivity::ready; });
}

TEST_CASE("a call fails at once while connecting fails, unless it waits for ready") {
  world w;
  sluice::testing::manual_clock clock{w.executor()};
  auto const target = socket_path("ready");
  auto const on = w.connect_to(target);
  w.run([&]() -> task<void> {
    auto const answer = co_await as_result(TalkStub{*on}.Say(note("x")));
    CHECK(answer.status().code() == code::unavailable);
    CHECK(answer.status().message().find(target.substr(5)) != std::string_view::npos);
    CHECK(answer.status().message().find("No such file") != std::string_view::npos);
  });
  CHECK(on->state() == connectivity::transient_failure);
  auto const waiting = w.start([&]() -> task<void> {
    auto const answer = co_await TalkStub{*on}.Say(note("patient"), call_options{}.wait_for_ready());
    CHECK(answer.text() == "patient");
  });
  auto const impatient = w.start([&]() -> task<void> {
    auto const answer =
        co_await as_result(TalkStub{*on}.Say(note("x"), call_options{}.wait_for_ready().timeout(500ms)));
    CHECK(answer.status().code() == code::deadline_exceeded);
  });
  w.poll();
  clock.advance(500ms);
  w.join(*impatient);
  CHECK_FALSE(waiting->done);
  w.server.listen(target);
  clock.advance(2s);
  w.join(*waiting);
  CHECK(on->state() == connectivity::ready);
}

TEST_CASE(
    "connecting is tried again after 1, 2, 4 s and so on, up to the maximum, and from the start after a "
    "success") {
  world w;
  sluice::testing::manual_clock clock{w.executor()};
  std::vector<sluice::time_point> attempts;
  std::size_t succeeding = 6;
  auto const connect = [&, inner = sluice::testing::connect_to(
                               w.executor(), w.server)]() -> std::unique_ptr<sluice::byte_stream> {
    attempts.push_back(clock.now());
    return attempts.size() == succeeding ? inner() : nullptr;
  };
  sluice::channel_options options;
  options.backoff_multiplier = 2;
  options.backoff_jitter = 0;
  options.backoff_max = 5s;
  options.wait_for_ready = true;
  options.log = w.log.sink();
  channel on{w.executor(), connect, options};
  auto const calling = w.start([&]() -> task<void> { co_await TalkStub{on}.Say(note("x")); });
  w.poll();
  CHECK(attempts.size() == 1);
  clock.advance(999ms);
  w.poll();
  CHECK(attempts.size() == 1);
  for (int i = 0; i != 40 && !calling->done; ++i) {
    clock.advance(1s);
    w.poll();
  }
  w.join(*calling);
  REQUIRE(attempts.size() == 6);
  CHECK(attempts[1] - attempts[0] == 1s);
  CHECK(attempts[2] - attempts[1] == 2s);
  CHECK(attempts[3] - attempts[2] == 4s);
  CHECK(attempts[4] - attempts[3] == 5s);
  CHECK(attempts[5] - attempts[4] == 5s);
}

TEST_CASE("jitter spreads the attempts by its share") {
  world w;
  sluice::testing::manual_clock clock{w.executor()};
  std::vector<sluice::time_point> attempts;
  sluice::channel_options options;
  options.backoff_multiplier = 1;
  options.wait_for_ready = true;
  options.log = w.log.sink();
  channel on{w.executor(),
             [&]() -> std::unique_ptr<sluice::byte_stream> {
               attempts.push_back(clock.now());
               return nullptr;
             },
             options};
  auto const calling =
      w.start([&]() -> task<void> { static_cast<void>(co_await as_result(TalkStub{on}.Say(note("x")))); });
  w.poll();
  while (attempts.size() < 30) {
    clock.advance(10ms);
    w.poll();
  }
  auto least = sluice::duration::max();
  auto most = sluice::duration::zero();
  for (std::size_t i = 1; i != attempts.size(); ++i) {
    least = std::min(least, attempts[i] - attempts[i - 1]);
    most = std::max(most, attempts[i] - attempts[i - 1]);
  }
  CHECK(least >= 800ms);
  CHECK(most <= 1220ms);
  CHECK(least < most);
  on.close();
  w.join(*calling);
}

TEST_CASE("a channel connects again after the server was restarted") {
  bool const gracefully = GENERATE(true, false);
  bounded_io io;
  log_lines log;
  talk service;
  auto const make = [&] {
    auto made = std::make_unique<sluice::server>(io.executor(), sluice::server_options{.log = log.sink()});
    made->add(service);
    return made;
  };
  auto server = make();
  auto const address = server->listen("127.0.0.1:0");
  channel on{io.executor(), address, {.log = log.sink()}};
  for (int round = 0; round != 3; ++round) {
    io.run([&]() -> task<void> {
      auto const answer = co_await TalkStub{on}.Say(note("hello"), call_options{}.wait_for_ready());
      CHECK(answer.text() == "hello");
    });
    if (gracefully) io.run([&] { return server->shutdown(1s); });
    server.reset();
    io.until([&] { return on.state() != connectivity::ready; });
    server = make();
    CHECK(server->listen(address) == address);
  }
}

TEST_CASE("a channel that is idle long enough lets its connection go, and connects with the next call") {
  world w;
  sluice::testing::manual_clock clock{w.executor()};
  auto const on = w.connect({.idle_timeout = 10s});
  w.run([&]() -> task<void> { co_await TalkStub{*on}.Say(note("x")); });
  clock.advance(9s);
  w.run([&]() -> task<void> { co_await TalkStub{*on}.Say(note("x")); });
  clock.advance(9s);
  w.poll();
  CHECK(on->state() == connectivity::ready);
  clock.advance(1s);
  w.until([&] { return on->state() == connectivity::idle && w.server.connections() == 0; });
  w.run([&]() -> task<void> { co_await TalkStub{*on}.Say(note("again")); });
  CHECK(on->state() == connectivity::ready);
}

TEST_CASE("a channel that was connected without a call is idle in its time, too") {
  world w;
  sluice::testing::manual_clock clock{w.executor()};
  auto const on = w.connect({.idle_timeout = 5s});
  w.run([&] { return on->ready(); });
  w.poll();
  clock.advance(4s);
  w.poll();
  CHECK(on->state() == connectivity::ready);
  clock.advance(1s);
  w.until([&] { return on->state() == connectivity::idle && w.server.connections() == 0; });
}

TEST_CASE("a channel with a call is never idle") {
  world w;
  sluice::testing::manual_clock clock{w.executor()};
  sluice::event gate;
  w.service.say = [&](Note said) -> task<Note> {
    co_await gate.wait();
    co_return said;
  };
  auto const on = w.connect({.idle_timeout = 10s});
  auto const calling = w.start([&]() -> task<void> { co_await TalkStub{*on}.Say(note("long")); });
  w.until([&] { return w.server.active_calls() == 1; });
  clock.advance(1h);
  w.poll();
  CHECK(on->state() == connectivity::ready);
  gate.set();
  w.join(*calling);
}

TEST_CASE("the call whose connection is lost fails with UNAVAILABLE, and the next one connects") {
  world w;
  std::vector<sluice::byte_stream*> streams;
  sluice::testing::pipe_options options;
  options.first.end_after = 2000;  // bytes, then the server's end is gone
  bool broken = true;
  auto const connect = [&]() -> std::unique_ptr<sluice::byte_stream> {
    auto [ours, theirs] =
        sluice::testing::make_pipe(w.executor(), broken ? options : sluice::testing::pipe_options{});
    w.server.serve(std::move(theirs));
    return std::move(ours);
  };
  channel on{w.executor(), connect, {.log = w.log.sink()}};
  w.run([&]() -> task<void> {
    auto heard = TalkStub{on}.Listen(note(std::string(100, 'x'), 1000));
    int count = 0;
    auto const end = co_await [](auto& call, int& seen) -> task<status> {
      for (;;) {
        auto const next = co_await as_result(call.next());
        if (!next) co_return next.status().ok() ? status{} : status{next.status()};
        if (*next == nullptr) throw std::runtime_error{"the stream ended well"};
        ++seen;
      }
    }(heard, count);
    CHECK(end.code() == code::unavailable);
    CHECK(end.message().find("lost") != std::string_view::npos);
    CHECK(count > 0);
    CHECK(count < 1000);
    broken = false;
    CHECK((co_await TalkStub{on}.Say(note("again"))).text() == "again");
  });
}
