// SPDX-License-Identifier: Apache-2.0
// How handlers fail, and what of it the client sees.
#include "world.hpp"

#include <boost/asio/thread_pool.hpp>

#include <thread>

using namespace endtoend;

namespace {

task<status> say(channel& on) {
  auto const answer = co_await as_result(TalkStub{on}.Say(note("x")));
  co_return answer.status();
}
task<status> listen(channel& on) {
  auto heard = TalkStub{on}.Listen(note("x"));
  for (;;) {
    auto const next = co_await as_result(heard.next());
    if (!next) co_return next.status();
    if (*next == nullptr) co_return status{};
  }
}

}  // namespace

TEST_CASE("an exception in a handler becomes UNKNOWN: its text is logged, and does not leave the process") {
  world w;
  visits handlers;
  w.service.say = [&](Note) -> task<Note> {
    visit const here{handlers};
    throw std::runtime_error{"secret of the server"};
    co_return Note{};
  };
  w.service.listen = [&](Note) -> generator<Note> {
    visit const here{handlers};
    co_yield note("one");
    throw 42;
  };
  w.service.tell = [&](generator<Note>) -> task<Note> {
    throw std::runtime_error{"thrown before there is a task"};
  };
  w.service.chat = [&](generator<Note>) -> generator<Note> { throw std::runtime_error{"and no generator"}; };
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    auto const said = co_await say(*on);
    CHECK(said.code() == code::unknown);
    CHECK(said.to_string().find("secret") == std::string::npos);
    auto const heard = co_await listen(*on);
    CHECK(heard.code() == code::unknown);
    auto told = TalkStub{*on}.Tell();
    CHECK((co_await as_result(told.finish())).status().code() == code::unknown);
    auto chat = TalkStub{*on}.Chat();
    CHECK((co_await as_result(chat.next())).status().code() == code::unknown);
  });
  CHECK(w.log.contain("secret of the server"));
  CHECK(w.log.contain("/endtoend.Talk/Say"));
  CHECK(w.log.contain("thrown before there is a task"));
  CHECK(w.log.contain("and no generator"));
  CHECK(handlers.begun == 2);
  CHECK(handlers.ended == 2);
  CHECK(w.server.connections() == 1);
}

TEST_CASE("a status fails a call, however a handler says it") {
  world w;
  int way = 0;
  auto const why = status{code::out_of_range, "too far"};
  w.service.say = [&](Note) -> task<Note> {
    if (way == 0) co_return why;
    throw sluice::status_error{why};
  };
  w.service.listen = [&](Note) -> generator<Note> {
    co_yield note("one");
    if (way == 0) co_yield why;
    throw sluice::status_error{why};
  };
  auto const on = w.connect();
  for (; way != 2; ++way) {
    CHECK(w.run([&] { return say(*on); }) == why);
    CHECK(w.run([&] { return listen(*on); }) == why);
  }
  CHECK(w.log.lines.empty());
}

TEST_CASE("an ok status is no answer") {
  world w;
  w.service.say = [&](Note) -> task<Note> { co_return status{}; };
  auto const on = w.connect();
  CHECK(w.run([&] { return say(*on); }).code() == code::internal);
}

TEST_CASE("a handler that gives back an empty task or generator fails its call with INTERNAL") {
  world w;
  w.service.say = [&](Note) { return task<Note>{}; };
  w.service.listen = [&](Note) { return generator<Note>{}; };
  auto const on = w.connect();
  CHECK(w.run([&] { return say(*on); }).code() == code::internal);
  CHECK(w.run([&] { return listen(*on); }).code() == code::internal);
}

TEST_CASE("a handler may answer a stream without reading its requests") {
  world w;
  w.service.tell = [&](generator<Note>) -> task<Note> { co_return note("uninterested"); };
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    auto told = TalkStub{*on}.Tell();
    static_cast<void>(co_await as_result(told.write(note(std::string(500'000, 'x')))));
    CHECK((co_await told.finish()).text() == "uninterested");
    CHECK((co_await as_result(TalkStub{*on}.Say(note("x")))).value().text() == "x");
  });
  CHECK(w.server.connections() == 1);
}

TEST_CASE("a handler that is no coroutine may have ended before it lets go of its requests") {
  struct forwarding final : TalkService {
    static task<Note> done() { co_return note("done"); }
    static generator<Note> one() { co_yield note("one"); }
    task<Note> Tell(generator<Note>) override { return done(); }
    generator<Note> Chat(generator<Note>) override { return one(); }
  };
  world w;
  forwarding other;
  sluice::server server{w.executor()};
  server.add(other);
  auto const on = w.connect_to(server.listen("127.0.0.1:0"));
  w.run([&]() -> task<void> {
    auto told = TalkStub{*on}.Tell();
    CHECK((co_await told.finish()).text() == "done");
    auto chat = TalkStub{*on}.Chat();
    CHECK((co_await chat.next())->text() == "one");
    CHECK(co_await chat.next() == nullptr);
  });
}

TEST_CASE("a handler sees the end of the requests before the client wants the response's end") {
  world w;
  std::vector<std::string> seen;
  w.service.chat = [&](generator<Note> notes) -> generator<Note> {
    while (auto* const each = co_await notes.next()) seen.push_back(each->text());
    co_yield note("after the end");
    co_yield note("and again");
  };
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    auto chat = TalkStub{*on}.Chat();
    co_await chat.write(note("a"));
    co_await chat.writes_done();
    CHECK((co_await chat.next())->text() == "after the end");
    CHECK((co_await chat.next())->text() == "and again");
    CHECK(co_await chat.next() == nullptr);
  });
  CHECK(seen == std::vector<std::string>{"a"});
}

TEST_CASE("a handler may move to a pool for heavy work, and its answer comes from home") {
  world w;
  asio::thread_pool pool{1};
  auto const home = std::this_thread::get_id();
  w.service.say = [&](Note said) -> task<Note> {
    co_await sluice::resume_on(pool);
    CHECK(std::this_thread::get_id() != home);
    said.set_text("heavy");
    co_return said;
  };
  auto const on = w.connect();
  w.run([&]() -> task<void> { CHECK((co_await TalkStub{*on}.Say(note("x"))).text() == "heavy"); });
  pool.join();
}

TEST_CASE("what a handler's unjoined scope runs has no call any more once the handler has ended") {
  world w;
  sluice::event never;
  std::vector<code> found;
  auto const cleans_up = [&]() -> task<void> {
    static_cast<void>(co_await as_result(never.wait()));
    try {
      static_cast<void>(co_await sluice::this_call);
      found.push_back(code::ok);
    } catch (sluice::status_error const& error) { found.push_back(error.code()); }
  };
  auto const group = [&]() -> task<void> {
    sluice::server_call& call = co_await sluice::this_call;
    CHECK(call.method() == "/endtoend.Talk/Say");
    co_await sluice::when_all(cleans_up(), cleans_up());
  };
  w.service.say = [&](Note said) -> task<Note> {
    sluice::scope left;
    left.spawn(group());
    left.spawn(cleans_up());
    co_return said;
  };
  auto const on = w.connect();
  w.run([&]() -> task<void> { co_await TalkStub{*on}.Say(note("x")); });
  w.until([&] { return found.size() == 3; });
  CHECK(found == std::vector<code>(3, code::failed_precondition));
}

TEST_CASE("a handler awaits Asio operations, which end when its call does") {
  world w;
  visits handlers;
  w.service.say = [&](Note said) -> task<Note> {
    visit const here{handlers};
    asio::steady_timer timer{w.io, said.number() == 0 ? std::chrono::nanoseconds{0} : std::chrono::hours{1}};
    co_await timer.async_wait(asio::deferred);
    co_return said;
  };
  auto const on = w.connect();
  w.run([&]() -> task<void> { co_await TalkStub{*on}.Say(note("at once")); });
  auto call = TalkStub{*on}.Say(note("much later", 1));
  auto const calling = w.start([&]() -> task<void> { static_cast<void>(co_await as_result(call)); });
  w.until([&] { return handlers.running() == 1; });
  call.cancel();
  w.join(*calling);
  w.until([&] { return handlers.ended == 2; });
}
