// SPDX-License-Identifier: Apache-2.0
// The graceful ends of a server and a channel, with calls in flight.
#include "world.hpp"

using namespace endtoend;

namespace {

struct gated_world : world {
  gated_world() {
    service.say = [this](Note said) { return wait(std::move(said)); };
  }
  task<Note> wait(Note said) {
    visit const here{handlers};
    sluice::server_call& call = co_await sluice::this_call;
    sluice::stop_callback const stopped{call.stop(), [this](sluice::stop_reason reason) { why = reason; }};
    if (stubborn) co_await gate.wait_unstoppably();
    else co_await gate.wait();
    co_return said;
  }
  /// A call that waits at the gate; `end` is what it ends with.
  [[nodiscard]] std::shared_ptr<background> call(channel& on, status& end) {
    auto const calling = start([&on, &end]() -> task<void> {
      auto const answer = co_await as_result(TalkStub{on}.Say(note("x")));
      end = answer.status();
    });
    int const before = handlers.running();
    until([&] { return handlers.running() > before; });
    return calling;
  }

  visits handlers;
  sluice::event gate;
  bool stubborn = false;
  sluice::stop_reason why = sluice::stop_reason::none;
};

}  // namespace

TEST_CASE("a server that shuts down lets running calls end, takes no new ones, and is joined") {
  gated_world w;
  auto const on = w.connect();
  status end{code::unknown};
  auto const calling = w.call(*on, end);
  auto const stopping = w.start([&] { return w.server.shutdown(1h); });
  w.poll();
  CHECK_FALSE(stopping->done);
  CHECK_FALSE(calling->done);
  w.run([&]() -> task<void> {
    CHECK((co_await as_result(TalkStub{*on}.Say(note("late")))).status().code() == code::unavailable);
  });
  CHECK(w.handlers.begun == 1);
  w.gate.set();
  w.join(*calling);
  CHECK(end.ok());
  w.join(*stopping);
  CHECK(w.server.connections() == 0);
  CHECK(w.server.active_calls() == 0);
  CHECK(w.why == sluice::stop_reason::none);
}

TEST_CASE(
    "when the grace is over the handlers are stopped with reason shutdown, and the clients told "
    "UNAVAILABLE") {
  gated_world w;
  sluice::testing::manual_clock clock{w.executor()};
  auto const on = w.connect();
  status end;
  auto const calling = w.call(*on, end);
  auto const stopping = w.start([&] { return w.server.shutdown(30s); });
  w.poll();
  clock.advance(29s);
  w.poll();
  CHECK_FALSE(calling->done);
  clock.advance(1s);
  w.join(*calling);
  CHECK(end.code() == code::unavailable);
  w.join(*stopping);
  CHECK(w.why == sluice::stop_reason::shutdown);
  CHECK(w.handlers.ended == 1);
}

TEST_CASE("asked twice to stop, a server keeps to the grace that is over first") {
  for (auto const& [first, second] : {std::pair{5s, 3600s}, std::pair{3600s, 5s}}) {
    gated_world w;
    sluice::testing::manual_clock clock{w.executor()};
    auto const on = w.connect();
    status end;
    auto const calling = w.call(*on, end);
    w.server.stop(first);
    w.server.stop(second);
    w.poll();
    clock.advance(4s);
    w.poll();
    CHECK_FALSE(calling->done);
    clock.advance(1s);
    w.join(*calling);
    CHECK(end.code() == code::unavailable);
    CHECK(w.why == sluice::stop_reason::shutdown);
  }
}

TEST_CASE("a stop of whoever awaits the shutdown shortens the grace to nothing") {
  gated_world w;
  auto const on = w.connect();
  status end;
  auto const calling = w.call(*on, end);
  w.run([&]() -> task<void> {
    sluice::scope work;
    work.spawn(w.server.shutdown(1h));
    work.request_stop();
    co_await work.join();
  });
  w.join(*calling);
  CHECK(end.code() == code::unavailable);
  CHECK(w.handlers.ended == 1);
  CHECK(w.server.active_calls() == 0);
}

TEST_CASE("a handler that never ends holds up the shutdown, not its client, and goes with the server") {
  gated_world w;
  sluice::testing::manual_clock clock{w.executor()};
  w.stubborn = true;
  auto server = std::make_unique<sluice::server>(w.executor(), sluice::server_options{.log = w.log.sink()});
  server->add(w.service);
  auto const on = w.connect_to(server->listen("127.0.0.1:0"));
  status end;
  auto const calling = w.call(*on, end);
  server->stop(5s);
  w.poll();
  clock.advance(5s);
  w.join(*calling);
  CHECK(end.code() == code::unavailable);
  CHECK(w.why == sluice::stop_reason::shutdown);
  CHECK(server->connections() == 0);
  CHECK(server->active_calls() == 1);
  CHECK(w.handlers.ended == 0);
  server.reset();
  CHECK(w.handlers.ended == 1);
}

TEST_CASE("the drain token tells a long stream to come to its end, and interrupts nothing") {
  world w;
  bool told = false;
  w.service.listen = [&](Note) -> generator<Note> {
    sluice::server_call& call = co_await sluice::this_call;
    sluice::event draining;
    sluice::stop_callback const drained{call.drain(), [&](sluice::stop_reason reason) {
                                          CHECK(reason == sluice::stop_reason::draining);
                                          draining.set();
                                        }};
    CHECK_FALSE(call.drain().stop_requested());
    co_yield note("working");
    co_await draining.wait();
    told = true;
    CHECK_FALSE(call.stop().stop_requested());
    co_yield note("last");
  };
  auto const on = w.connect();
  auto heard = TalkStub{*on}.Listen(note("x"));
  w.run([&]() -> task<void> { CHECK((co_await heard.next())->text() == "working"); });
  auto const stopping = w.start([&] { return w.server.shutdown(1h); });
  w.run([&]() -> task<void> {
    CHECK((co_await heard.next())->text() == "last");
    CHECK(co_await heard.next() == nullptr);
  });
  CHECK(told);
  w.join(*stopping);
}

TEST_CASE("a shutdown without calls ends at once, and may be asked for again") {
  world w;
  w.run([&] { return w.server.shutdown(1h); });
  w.run([&] { return w.server.shutdown(1h); });
  world connected;
  auto const on = connected.connect();
  connected.run([&] { return on->ready(); });
  connected.run([&] { return connected.server.shutdown(1h); });
  CHECK(connected.server.connections() == 0);
}

TEST_CASE("stop lets io_context::run return once all is done") {
  asio::io_context io;
  talk service;
  sluice::server server{io.get_executor()};
  server.add(service);
  auto channel_to = std::make_unique<channel>(io.get_executor(), server.listen("127.0.0.1:0"));
  bool answered = false;
  sluice::spawn(
      io,
      [](channel& on, sluice::server& stopped) -> task<void> {
        co_await TalkStub{on}.Say(note("x"));
        stopped.stop(1s);
        co_await on.shutdown(1s);
      }(*channel_to, server),
      [&](std::exception_ptr error) { answered = !error; });
  io.run();
  CHECK(answered);
  CHECK(server.connections() == 0);
}

TEST_CASE("a channel that shuts down lets its calls end") {
  gated_world w;
  auto const on = w.connect();
  status end{code::unknown};
  auto const calling = w.call(*on, end);
  auto const stopping = w.start([&] { return on->shutdown(1h); });
  w.poll();
  CHECK_FALSE(stopping->done);
  w.run([&]() -> task<void> {
    CHECK((co_await as_result(TalkStub{*on}.Say(note("late")))).status().code() == code::unavailable);
  });
  w.gate.set();
  w.join(*calling);
  w.join(*stopping);
  CHECK(end.ok());
  w.until([&] { return w.server.connections() == 0; });
}

TEST_CASE("and ends them with UNAVAILABLE when the grace is over") {
  gated_world w;
  sluice::testing::manual_clock clock{w.executor()};
  auto const on = w.connect();
  status end;
  auto const calling = w.call(*on, end);
  auto const stopping = w.start([&] { return on->shutdown(3s); });
  w.poll();
  clock.advance(3s);
  w.join(*calling);
  w.join(*stopping);
  CHECK(end.code() == code::unavailable);
  w.until([&] { return w.handlers.ended == 1; });
}

TEST_CASE("both sides shut down at the same time, with calls in flight") {
  gated_world w;
  auto const on = w.connect();
  status first{code::unknown};
  status second{code::unknown};
  auto const one = w.call(*on, first);
  auto const two = w.call(*on, second);
  auto const client = w.start([&] { return on->shutdown(1h); });
  auto const server = w.start([&] { return w.server.shutdown(1h); });
  w.poll();
  CHECK_FALSE(client->done);
  CHECK_FALSE(server->done);
  w.gate.set();
  for (auto const& each : {one, two, client, server}) w.join(*each);
  CHECK(first.ok());
  CHECK(second.ok());
  CHECK(w.server.connections() == 0);
}
