// SPDX-License-Identifier: Apache-2.0
// A call through three servers: what the edge's deadline, cancel and trace context do at the last one.
#include "world.hpp"

using namespace endtoend;

namespace {

constexpr std::string_view traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A server whose Say calls the next one, or waits if it is the last.
struct hop {
  hop(bounded_io& io, std::string_view next, call_options options = {})
      : server{io.executor(), intercepted(sluice::server_options{})} {
    if (!next.empty()) on.emplace(io.executor(), next);
    service.say = [this, options](Note said) { return on ? forward(std::move(said), options) : wait(); };
    server.add(service);
    address = server.listen("127.0.0.1:0");
  }
  task<Note> forward(Note said, call_options options) {
    visit const here{handlers};
    sluice::server_call& call = co_await sluice::this_call;
    deadline = call.deadline();
    // Any depth of tasks below the handler inherits.
    co_await before.wait();
    co_return co_await deeper(*on, std::move(said), std::move(options));
  }
  static task<Note> deeper(channel& to, Note said, call_options options) {
    co_return co_await TalkStub{to}.Say(said, std::move(options));
  }
  task<Note> wait() {
    visit const here{handlers};
    sluice::server_call& call = co_await sluice::this_call;
    sluice::stop_callback const stopped{call.stop(), [this](sluice::stop_reason reason) {
                                          why = reason;
                                          stopped_at = std::chrono::steady_clock::now();
                                        }};
    deadline = call.deadline();
    received = call.metadata();
    co_await before.wait();
    co_return note("from the last");
  }

  visits handlers;
  sluice::event before;
  sluice::deadline deadline;
  sluice::metadata received;
  sluice::stop_reason why = sluice::stop_reason::none;
  sluice::time_point stopped_at;
  talk service;
  sluice::server server;
  std::string address;
  std::optional<channel> on;
};

struct three_hops : bounded_io {
  explicit three_hops(call_options at_the_second = {})
      : second{*this, last.address, std::move(at_the_second)} {}
  hop last{*this, ""};
  hop second;
  hop first{*this, second.address};
  channel edge{executor(), first.address};
};

}  // namespace

TEST_CASE("a cancel at the edge stops the last of three hops within milliseconds") {
  three_hops h;
  h.first.before.set();
  h.second.before.set();
  auto call = TalkStub{h.edge}.Say(note("x"));
  auto const calling = h.start([&]() -> task<void> { static_cast<void>(co_await as_result(call)); });
  h.until([&] { return h.last.handlers.running() == 1; });
  auto const began = std::chrono::steady_clock::now();
  call.cancel();
  h.until([&] { return h.last.handlers.ended == 1; });
  CHECK(h.last.why == sluice::stop_reason::client_cancelled);
  // Three hops over loopback take far less than one; the allowance is for a busy machine and for the sanitizers.
  CHECK(h.last.stopped_at - began < 100ms);
  h.until([&] { return h.first.handlers.ended == 1 && h.second.handlers.ended == 1; });
  h.join(*calling);
}

TEST_CASE("the deadline shrinks at each hop, and passes at all of them") {
  three_hops h;
  sluice::testing::manual_clock clock{h.executor()};
  auto const calling = h.start([&]() -> task<void> {
    auto const answer = co_await as_result(TalkStub{h.edge}.Say(note("x"), call_options{}.timeout(10s)));
    CHECK(answer.status().code() == code::deadline_exceeded);
  });
  h.until([&] { return h.first.handlers.running() == 1; });
  CHECK(h.first.deadline.remaining(clock.now()) <= 10s);
  CHECK(h.first.deadline.remaining(clock.now()) > 9900ms);
  clock.advance(3s);
  h.first.before.set();
  h.until([&] { return h.second.handlers.running() == 1; });
  CHECK(h.second.deadline.remaining(clock.now()) <= 7s);
  CHECK(h.second.deadline.remaining(clock.now()) > 6900ms);
  clock.advance(4s);
  h.second.before.set();
  h.until([&] { return h.last.handlers.running() == 1; });
  CHECK(h.last.deadline.remaining(clock.now()) <= 3s);
  CHECK(h.last.deadline.remaining(clock.now()) > 2900ms);
  clock.advance(3s);
  h.join(*calling);
  h.until([&] { return h.first.handlers.ended + h.second.handlers.ended + h.last.handlers.ended == 3; });
}

TEST_CASE("a stricter timeout at a hop counts below it, and a laxer one does not") {
  bool const stricter = GENERATE(true, false);
  three_hops h{call_options{}.timeout(stricter ? 1s : 1000s)};
  sluice::testing::manual_clock clock{h.executor()};
  h.first.before.set();
  h.second.before.set();
  auto const calling = h.start([&]() -> task<void> {
    static_cast<void>(co_await as_result(TalkStub{h.edge}.Say(note("x"), call_options{}.timeout(10s))));
  });
  h.until([&] { return h.last.handlers.running() == 1; });
  CHECK(h.last.deadline.remaining(clock.now()) <= (stricter ? 1s : 10s));
  clock.advance(10s);
  h.join(*calling);
}

TEST_CASE("the trace context travels to the last hop") {
  three_hops h;
  for (auto* const each : {&h.first, &h.second, &h.last}) each->before.set();
  h.run([&]() -> task<void> {
    auto options =
        call_options{}.metadata({{"traceparent", traceparent}, {"tracestate", "vendor=1"}, {"x-own", "1"}});
    CHECK((co_await TalkStub{h.edge}.Say(note("x"), std::move(options))).text() == "from the last");
  });
  CHECK(h.last.received.get("traceparent") == traceparent);
  CHECK(h.last.received.get("tracestate") == "vendor=1");
  CHECK_FALSE(h.last.received.contains("x-own"));
}

TEST_CASE("a detached call inherits neither deadline, nor stop, nor trace context") {
  three_hops h{call_options{}.detached()};
  h.first.before.set();
  h.second.before.set();
  auto options = call_options{}.metadata({{"traceparent", traceparent}}).timeout(1h);
  auto call = TalkStub{h.edge}.Say(note("x"), std::move(options));
  auto const calling = h.start([&]() -> task<void> { static_cast<void>(co_await as_result(call)); });
  h.until([&] { return h.last.handlers.running() == 1; });
  CHECK_FALSE(h.second.deadline.is_never());
  CHECK(h.last.deadline.is_never());
  CHECK_FALSE(h.last.received.contains("traceparent"));
  call.cancel();
  h.until([&] { return h.first.handlers.ended == 1; });
  h.poll();
  CHECK(h.last.handlers.running() == 1);
  CHECK(h.last.why == sluice::stop_reason::none);
  h.last.before.set();
  h.until([&] { return h.last.handlers.ended == 1 && h.second.handlers.ended == 1; });
}

TEST_CASE("a failure of the last hop travels to the edge with its code and message") {
  three_hops h;
  for (auto* const each : {&h.first, &h.second}) each->before.set();
  h.last.service.say = [](Note) -> task<Note> { co_return status{code::already_exists, "twice"}; };
  h.run([&]() -> task<void> {
    auto const answer = co_await as_result(TalkStub{h.edge}.Say(note("x")));
    CHECK(answer.status().code() == code::already_exists);
    CHECK(answer.status().message() == "twice");
  });
}

TEST_CASE("a handler may hand on the stream of another server") {
  bounded_io io;
  talk source;
  sluice::server far{io.executor()};
  far.add(source);
  channel to_far{io.executor(), far.listen("127.0.0.1:0")};
  talk relay;
  relay.listen = [&](Note asked) { return TalkStub{to_far}.Listen(asked).messages(); };
  relay.chat = [&](generator<Note> notes) { return TalkStub{to_far}.Chat(std::move(notes)).messages(); };
  sluice::server near{io.executor()};
  near.add(relay);
  channel to_near{io.executor(), near.listen("127.0.0.1:0")};
  io.run([&]() -> task<void> {
    auto heard = TalkStub{to_near}.Listen(note("x", 500));
    int count = 0;
    while (auto* const each = co_await heard.next()) CHECK(each->number() == count++);
    CHECK(count == 500);
    auto chat = TalkStub{to_near}.Chat();
    for (int i = 0; i != 10; ++i) {
      co_await chat.write(note("", i));
      CHECK((co_await chat.next())->number() == i);
    }
    co_await chat.writes_done();
    CHECK(co_await chat.next() == nullptr);
  });
  std::optional endless{TalkStub{to_near}.Listen(note("x", 100'000'000))};
  io.run([&]() -> task<void> { co_await endless->next(); });
  endless.reset();
  io.until([&] { return far.active_calls() == 0 && near.active_calls() == 0; });
}
