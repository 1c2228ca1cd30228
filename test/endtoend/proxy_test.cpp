// SPDX-License-Identifier: Apache-2.0
// The sample proxy, between a client and a server of this test: what it may not lose, change or hold back.
#include "proxy.hpp"
#include "world.hpp"

#include <limits>

using namespace endtoend;

namespace {

struct proxied : world {
  proxied()
      : upstream{connect()}, handler{*upstream},
        front{io.get_executor(),
              {.max_receive_size = std::numeric_limits<std::uint32_t>::max(), .log = log.sink()}} {
    front.add_fallback(handler);
    on = connect_to(front.listen("127.0.0.1:0"));
  }
  std::unique_ptr<channel> upstream;
  Proxy handler;
  sluice::server front;
  std::unique_ptr<channel> on;
};

}  // namespace

TEST_CASE("metadata pass a proxy both ways, with the status and its details") {
  proxied w;
  w.service.say = [](Note) -> task<Note> {
    sluice::server_call& call = co_await sluice::this_call;
    std::string const sent{call.metadata().get("x-sent-bin").value_or("")};
    call.add_initial_metadata("x-initial", "first");
    call.add_trailing_metadata("x-trailing-bin", sent);
    co_return status{code::out_of_range, "too far"}.with_details("raw \x01 details");
  };
  w.run([&]() -> task<void> {
    auto call = TalkStub{*w.on}.Say(note("x"), call_options{}.metadata({{"x-sent-bin", "a\x02z"}}));
    auto const how = (co_await as_result(call)).status();
    CHECK(how.code() == code::out_of_range);
    CHECK(how.message() == "too far");
    CHECK(how.details() == "raw \x01 details");
    CHECK(call.initial_metadata().get("x-initial") == "first");
    CHECK(call.trailing_metadata().get("x-trailing-bin") == "a\x02z");
  });
}

TEST_CASE("initial metadata pass a proxy before any message") {
  proxied w;
  w.service.chat = [](generator<Note> notes) -> generator<Note> {
    sluice::server_call& call = co_await sluice::this_call;
    call.add_initial_metadata("x-ready", "yes");
    call.send_initial_metadata();
    while (auto* const each = co_await notes.next()) co_yield *each;
  };
  w.run([&]() -> task<void> {
    auto chat = TalkStub{*w.on}.Chat();
    CHECK(co_await chat.headers());
    CHECK(chat.initial_metadata().get("x-ready") == "yes");
    co_await chat.write(note("after"));
    CHECK((co_await chat.next())->text() == "after");
  });
}

TEST_CASE("a deadline and a cancel reach the server behind a proxy") {
  proxied w;
  sluice::event never;
  std::vector<sluice::stop_reason> why;
  sluice::deadline left;
  w.service.say = [&](Note) -> task<Note> {
    sluice::server_call& call = co_await sluice::this_call;
    left = call.deadline();
    auto const stop = call.stop();
    static_cast<void>(
        co_await as_result([](sluice::event& what) -> task<void> { co_await what.wait(); }(never)));
    why.push_back(stop.reason());
    co_return Note{};
  };
  {
    sluice::testing::manual_clock clock{w.executor()};
    auto const waiting = w.start([&]() -> task<void> {
      auto const how = co_await as_result(TalkStub{*w.on}.Say(note("x"), call_options{}.timeout(1min)));
      CHECK(how.status().code() == code::deadline_exceeded);
    });
    w.until([&] { return !left.is_never(); });
    clock.advance(2min);
    w.join(*waiting);
    w.until([&] { return why.size() == 1; });
  }
  {
    auto call = TalkStub{*w.on}.Say(note("x"));
    auto const waiting = w.start(
        [&]() -> task<void> { CHECK((co_await as_result(call)).status().code() == code::cancelled); });
    w.until([&] { return w.server.active_calls() == 1; });
    w.poll();
    call.cancel();
    w.join(*waiting);
  }
  w.until([&] { return why.size() == 2; });
  CHECK(why.back() == sluice::stop_reason::client_cancelled);
  w.until([&] { return w.server.active_calls() == 0 && w.front.active_calls() == 0; });
}

TEST_CASE("the end of a server's stream ends the proxied writer") {
  proxied w;
  w.service.tell = [](generator<Note> notes) -> task<Note> {
    co_await notes.next();
    co_return status{code::aborted, "enough"};
  };
  w.run([&]() -> task<void> {
    auto const endless = []() -> generator<Note> {
      for (;;) co_yield note("more");
    };
    auto const how = co_await as_result(TalkStub{*w.on}.Tell(endless()));
    CHECK(how.status().code() == code::aborted);
  });
  w.until([&] { return w.server.active_calls() == 0 && w.front.active_calls() == 0; });
}

TEST_CASE("a slow reader behind a proxy holds the server back") {
  proxied w;
  std::int64_t sent = 0;
  w.service.listen = [&](Note) -> generator<Note> {
    for (;; ++sent) co_yield note(std::string(100'000, 's'), sent);
  };
  auto heard = TalkStub{*w.on}.Listen(note("x"));
  w.run([&]() -> task<void> { CHECK((co_await heard.next())->number() == 0); });
  w.poll();
  std::int64_t const held_at = sent;
  CHECK(held_at < 100);  // two windows of 256 KiB and the buffers between, not what it would like to send
  w.run([&]() -> task<void> {
    for (int i = 1; i != 50; ++i) CHECK((co_await heard.next())->number() == i);
  });
  CHECK(sent > held_at);
}

TEST_CASE("a proxy has no limit of messages of its own") {
  proxied w;
  w.run([&]() -> task<void> {
    Note const large = note(std::string(6'000'000, 'x'));
    auto const how = co_await as_result(
        TalkStub{*w.on}.Say(large, call_options{}.max_receive_size(std::size_t{16} << 20)));
    CHECK(how.status().code() == code::resource_exhausted);  // the server's own limit of 4 MiB says so
    CHECK(how.status().who() == sluice::origin::peer);
  });
  w.service.say = [](Note) -> task<Note> { co_return note(std::string(6'000'000, 'y')); };
  w.run([&]() -> task<void> {
    auto const reply =
        co_await TalkStub{*w.on}.Say(note("x"), call_options{}.max_receive_size(std::size_t{16} << 20));
    CHECK(reply.text().size() == 6'000'000);
  });
}
