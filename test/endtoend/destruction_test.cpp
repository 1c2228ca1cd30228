// SPDX-License-Identifier: Apache-2.0
// Whatever is destroyed first, with calls of every kind in flight: whoever waits is resumed or dropped, once, and nothing
// leaks.
#include "world.hpp"

using namespace endtoend;

namespace {

/// A client and a server of which each part can be destroyed on its own.
struct parts {
  parts() {
    service.say = [this](Note) -> task<Note> {
      visit const here{handlers};
      co_await never.wait();
      co_return Note{};
    };
    service.listen = [this](Note) -> generator<Note> {
      visit const here{handlers};
      co_yield note("one");
      co_await never.wait();
    };
    service.tell = [this](generator<Note> notes) -> task<Note> {
      visit const here{handlers};
      while (co_await notes.next()) {}
      co_return Note{};
    };
    service.chat = [this](generator<Note> notes) -> generator<Note> {
      visit const here{handlers};
      while (auto* const each = co_await notes.next()) co_yield *each;
    };
    server->add(service);
    channel_ = std::make_unique<channel>(io->io.get_executor(), server->listen("127.0.0.1:0"),
                                         intercepted(sluice::channel_options{.log = log.sink()}));
  }
  static generator<Note> one_and_wait(visits& counts, sluice::event& never) {
    visit const here{counts};
    co_yield note("x");
    co_await never.wait();
  }
  /// A call of each kind that waits; `ends` collects what they end with.
  void start_calls() {
    auto const unary = [](parts& p, channel& on) -> task<void> {
      visit const here{p.clients};
      auto const answer = co_await as_result(TalkStub{on}.Say(note("x")));
      p.ends.push_back(answer.status());
    };
    auto const listening = [](parts& p, channel& on) -> task<void> {
      visit const here{p.clients};
      auto call = TalkStub{on}.Listen(note("x"));
      co_await call.next();
      ++p.first_messages;
      auto const next = co_await as_result(call.next());
      p.ends.push_back(next.status());
    };
    auto const telling = [](parts& p, channel& on) -> task<void> {
      visit const here{p.clients};
      auto const answer = co_await as_result(TalkStub{on}.Tell(one_and_wait(p.writers, p.never)));
      p.ends.push_back(answer.status());
    };
    auto const chatting = [](parts& p, channel& on) -> task<void> {
      visit const here{p.clients};
      auto call = TalkStub{on}.Chat(one_and_wait(p.writers, p.never));
      co_await call.next();
      ++p.first_messages;
      auto const next = co_await as_result(call.next());
      p.ends.push_back(next.status());
    };
    auto const ignore = [](std::exception_ptr) {};
    sluice::spawn(io->io, unary(*this, *channel_), ignore);
    sluice::spawn(io->io, listening(*this, *channel_), ignore);
    sluice::spawn(io->io, telling(*this, *channel_), ignore);
    sluice::spawn(io->io, chatting(*this, *channel_), ignore);
    io->until([&] { return handlers.running() == 4 && first_messages == 2 && writers.running() == 2; });
  }
  void check_all_ended() const {
    CHECK(clients.begun == clients.ended);
    CHECK(handlers.begun == handlers.ended);
    CHECK(writers.begun == writers.ended);
  }

  visits handlers;
  visits clients;
  visits writers;
  int first_messages = 0;
  std::vector<status> ends;
  sluice::event never;
  log_lines log;
  talk service;
  std::unique_ptr<bounded_io> io = std::make_unique<bounded_io>();
  std::unique_ptr<sluice::server> server = std::make_unique<sluice::server>(
      io->executor(), intercepted(sluice::server_options{.log = log.sink()}));
  std::unique_ptr<channel> channel_;
};

}  // namespace

TEST_CASE("destroying a channel ends its calls with UNAVAILABLE, and their handlers") {
  parts p;
  p.start_calls();
  p.channel_.reset();
  p.io->until([&] { return p.ends.size() == 4 && p.handlers.running() == 0; });
  for (auto const& each : p.ends) CHECK(each.code() == code::unavailable);
  p.io->until([&] { return p.clients.running() == 0 && p.writers.running() == 0; });
  p.check_all_ended();
  p.io->until([&] { return p.server->connections() == 0; });
}

TEST_CASE("destroying a channel ends calls that wait for a connection") {
  bounded_io io;
  auto on = std::make_unique<channel>(
      io.executor(), [] { return std::unique_ptr<sluice::byte_stream>{}; },
      sluice::channel_options{.wait_for_ready = true, .log = [](auto, auto) {}});
  status end;
  auto const calling = io.start([&]() -> task<void> {
    auto const answer = co_await as_result(TalkStub{*on}.Say(note("x")));
    end = answer.status();
  });
  io.poll();
  CHECK_FALSE(calling->done);
  on.reset();
  io.join(*calling);
  CHECK(end.code() == code::unavailable);
}

TEST_CASE("destroying a server drops its handlers where they wait, and its clients are told UNAVAILABLE") {
  parts p;
  p.start_calls();
  p.server.reset();
  CHECK(p.handlers.ended == 4);
  p.io->until([&] { return p.ends.size() == 4; });
  for (auto const& each : p.ends) CHECK(each.code() == code::unavailable);
  p.io->until([&] { return p.clients.running() == 0 && p.writers.running() == 0; });
  p.check_all_ended();
}

TEST_CASE("destroying the io_context first drops every call and handler") {
  parts p;
  p.start_calls();
  p.io.reset();
  p.check_all_ended();
  p.channel_.reset();
  p.server.reset();
}

TEST_CASE("destroying the io_context after the channel, or after the server, drops the rest") {
  {
    parts p;
    p.start_calls();
    p.channel_.reset();
    p.io.reset();
    p.check_all_ended();
    p.server.reset();
  }
  {
    parts p;
    p.start_calls();
    p.server.reset();
    p.io.reset();
    p.check_all_ended();
    p.channel_.reset();
  }
}

TEST_CASE("destroying everything while a shutdown waits for calls") {
  for (int first = 0; first != 3; ++first) {
    parts p;
    p.start_calls();
    auto const ignore = [](std::exception_ptr) {};
    sluice::spawn(p.io->io, p.server->shutdown(1h), ignore);
    sluice::spawn(p.io->io, p.channel_->shutdown(1h), ignore);
    p.io->poll();
    CHECK(p.handlers.running() == 4);
    if (first == 0) p.channel_.reset();
    // The one who awaits a server's shutdown needs the server: the io_context goes before it.
    p.io.reset();
    p.check_all_ended();
  }
}

TEST_CASE("destroying a server ends a shutdown of it that somebody awaits") {
  parts p;
  p.start_calls();
  auto const stopping = p.io->start([&] { return p.server->shutdown(1h); });
  p.io->poll();
  CHECK_FALSE(stopping->done);
  auto late = p.server->shutdown(1h);
  p.server.reset();
  p.io->join(*stopping);
  p.io->run([&] { return std::move(late); });
  p.io->until([&] { return p.ends.size() == 4; });
  p.check_all_ended();
}

TEST_CASE("who awaits the shutdown of a server may be stopped after the server has gone") {
  parts p;
  p.start_calls();
  p.io->run([&]() -> task<void> {
    sluice::scope work;
    work.spawn(p.server->shutdown(1h));
    co_await sluice::yield_turn{};
    p.server.reset();
    work.request_stop();
    // Its stop is the joiner's to know, not ours.
    static_cast<void>(co_await as_result(work.join()));
  });
  p.io->until([&] { return p.ends.size() == 4; });
  p.check_all_ended();
}

TEST_CASE("destroying a channel or server that was never used") {
  asio::io_context io;
  { channel const unused{io.get_executor(), "127.0.0.1:1"}; }
  { sluice::server const unused{io.get_executor()}; }
  sluice::server listening{io.get_executor()};
  listening.listen("127.0.0.1:0");
  io.poll();
}

TEST_CASE("destroying a channel while it connects") {
  bounded_io io;
  {
    channel on{io.executor(), "127.0.0.1:1", {.log = [](auto, auto) {}}};
    on.connect();
  }
  io.poll();
  {
    channel on{io.executor(), "dns:///localhost:1", {.log = [](auto, auto) {}}};
    on.connect();
    io.io.run_one();
  }
  io.poll();
}

TEST_CASE("a call outlives its channel, and says UNAVAILABLE") {
  world w;
  auto on = w.connect();
  auto before = TalkStub{*on}.Say(note("x"));
  auto heard = TalkStub{*on}.Listen(note("x", 1'000'000));
  w.run([&]() -> task<void> { co_await heard.next(); });
  on.reset();
  w.run([&]() -> task<void> {
    CHECK((co_await as_result(before)).status().code() == code::unavailable);
    CHECK((co_await as_result(heard.next())).status().code() == code::unavailable);
  });
  CHECK(heard.status().code() == code::unavailable);
}
