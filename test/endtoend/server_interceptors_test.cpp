// SPDX-License-Identifier: Apache-2.0
// Interceptors of servers: around one handler, of any kind.
#include "interceptors.hpp"

#include <sluice/coro/scope.hpp>

using namespace endtoend;
using sluice::next_handler;
using sluice::passing_message;
using sluice::raw_message;
using sluice::server_exchange;

TEST_CASE("a server's interceptors run in the order of their registration, around the handler") {
  std::vector<std::string> steps;
  auto const named = [&](std::string name) {
    return with([&steps, name](server_exchange& call, next_handler next) -> task<status> {
      sluice::server_call& ambient = co_await sluice::this_call;
      CHECK(&ambient == &call.call());
      steps.push_back(name + " in");
      status const how = co_await next();
      call.call().add_trailing_metadata("x-" + name, "was here");
      steps.push_back(name + " out");
      co_return how;
    });
  };
  world w{chain(named("a"), named("b"))};
  w.service.say = [&](Note said) -> task<Note> {
    steps.push_back("handler");
    co_return said;
  };
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    auto call = TalkStub{*on}.Say(note("x"));
    CHECK((co_await call).text() == "x");
    CHECK(call.trailing_metadata().contains("x-a"));
    CHECK(call.trailing_metadata().contains("x-b"));
  });
  CHECK(steps == std::vector<std::string>{"a in", "b in", "handler", "b out", "a out"});
}

TEST_CASE("a server's interceptor refuses a call of any kind, and no handler runs") {
  world w{chain(with([](server_exchange&, next_handler) -> task<status> {
    co_return status{code::unauthenticated, "who are you"};
  }))};
  visits handlers;
  w.service.say = [&](Note said) -> task<Note> {
    visit const here{handlers};
    co_return said;
  };
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    TalkStub talk{*on};
    CHECK((co_await as_result(talk.Say(note("x")))).status().code() == code::unauthenticated);
    auto heard = talk.Listen(note("x"));
    CHECK((co_await as_result(heard.next())).status().message() == "who are you");
    CHECK((co_await as_result(talk.Tell(notes(3)))).status().code() == code::unauthenticated);
    auto chat = talk.Chat(notes(3));
    CHECK((co_await as_result(chat.next())).status().code() == code::unauthenticated);
  });
  CHECK(handlers.begun == 0);
  w.until([&] { return w.server.active_calls() == 0; });
}

TEST_CASE("a server's interceptor changes the status that the client sees") {
  world w{chain(with([](server_exchange&, next_handler next) -> task<status> {
    status const how = co_await next();
    co_return how.code() == code::not_found ? status{code::permission_denied, "hidden"} : how;
  }))};
  w.service.say = [](Note) -> task<Note> { co_return status{code::not_found, "secret"}; };
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    CHECK((co_await as_result(TalkStub{*on}.Say(note("x")))).status().message() == "hidden");
  });
}

TEST_CASE("a server's hooks see and replace each message, both ways") {
  int requests = 0;
  int responses = 0;
  auto const marks = [&](std::string mark) {
    return with([&, mark](server_exchange& call, next_handler next) -> task<status> {
      auto const append = [mark](int& count) {
        return [mark, &count](passing_message& message) {
          ++count;
          message.replace(note(text_of(message) + mark, 3).SerializeAsString());
          return status{};
        };
      };
      call.on_request(append(requests));
      call.on_response(append(responses));
      co_return co_await next();
    });
  };
  world w{chain(marks("a"), marks("b"))};
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    TalkStub talk{*on};
    CHECK((co_await talk.Say(note("-"))).text() == "-abba");
    auto heard = talk.Listen(note("-"));
    while (auto* const each = co_await heard.next()) CHECK(each->text() == "-abba");
    CHECK((co_await talk.Tell(notes(2))).text() == "nabnabba");
    auto chat = talk.Chat(notes(2));
    while (auto* const each = co_await chat.next()) CHECK(each->text() == "nabba");
  });
  CHECK(requests == 2 * (1 + 1 + 2 + 2));
  CHECK(responses == 2 * (1 + 3 + 1 + 2));
}

TEST_CASE("a server's hook that fails ends the call and stops the handler") {
  bool of_requests = true;
  world w{chain(with([&](server_exchange& call, next_handler next) -> task<status> {
    auto const refuse = [](passing_message&) { return status{code::data_loss, "not this one"}; };
    if (of_requests) call.on_request(refuse);
    else call.on_response(refuse);
    co_return co_await next();
  }))};
  auto const on = w.connect();
  for (bool const which : {true, false}) {
    of_requests = which;
    w.run([&]() -> task<void> {
      TalkStub talk{*on};
      CHECK((co_await as_result(talk.Say(note("x")))).status().code() == code::data_loss);
      auto heard = talk.Listen(note("x", 3));
      CHECK((co_await as_result(heard.next())).status().code() == code::data_loss);
      CHECK((co_await as_result(talk.Tell(notes(2)))).status().code() == code::data_loss);
      auto chat = talk.Chat(notes(2));
      CHECK((co_await as_result(chat.next())).status().code() == code::data_loss);
    });
  }
  w.until([&] { return w.server.active_calls() == 0; });
}

TEST_CASE("a server's interceptor answers in the handler's place, and not beside it") {
  code beside = code::ok;
  world w{chain(with([&](server_exchange& call, next_handler next) -> task<status> {
    if (!call.call().metadata().contains("x-next")) {
      call.respond(raw_message{note("from here").SerializeAsString()});
      co_return status{};
    }
    status const how = co_await next();
    try {
      call.respond(raw_message{});
    } catch (sluice::status_error const& error) { beside = error.code(); }
    co_return how;
  }))};
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    TalkStub talk{*on};
    CHECK((co_await talk.Say(note("x"))).text() == "from here");
    auto heard = talk.Listen(note("x"));
    CHECK((co_await heard.next())->text() == "from here");
    CHECK(co_await heard.next() == nullptr);
    auto const on_it_goes = call_options{}.metadata({{"x-next", "1"}});
    CHECK((co_await talk.Say(note("y"), on_it_goes)).text() == "y");
  });
  CHECK(beside == code::failed_precondition);
}

TEST_CASE("a second next of a server's interceptor fails with FAILED_PRECONDITION") {
  world w{chain(with([](server_exchange&, next_handler next) -> task<status> {
    auto const [first, second] = co_await sluice::when_all(next(), next());
    CHECK(second.code() == code::failed_precondition);
    status const third = co_await next();
    CHECK(third.code() == code::failed_precondition);
    co_return first;
  }))};
  auto const on = w.connect();
  w.run([&]() -> task<void> { CHECK((co_await TalkStub{*on}.Say(note("x"))).text() == "x"); });
}

TEST_CASE("a server's interceptor that throws fails the call as a handler does") {
  bool with_status = true;
  world w{chain(with([&](server_exchange&, next_handler next) -> task<status> {
    if (with_status) throw sluice::status_error{code::aborted, "by me"};
    static_cast<void>(co_await next());
    throw std::runtime_error{"a bug in it"};
  }))};
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    auto heard = TalkStub{*on}.Listen(note("x"));
    CHECK((co_await as_result(heard.next())).status().code() == code::aborted);
    with_status = false;
    auto const how = (co_await as_result(TalkStub{*on}.Say(note("x")))).status();
    CHECK(how.code() == code::unknown);
    CHECK(how.message().find("a bug") == std::string_view::npos);
  });
  CHECK(w.log.contain("a bug in it"));
}

TEST_CASE("a deadline answers for a server's interceptor that does not end") {
  sluice::event never;
  visits inside;
  world w{chain(with([&](server_exchange&, next_handler) -> task<status> {
    visit const here{inside};
    co_await never.wait();
    co_return status{};
  }))};
  sluice::testing::manual_clock clock{w.executor()};
  auto const on = w.connect();
  auto const waiting = w.start([&]() -> task<void> {
    auto const how = co_await as_result(TalkStub{*on}.Say(note("x"), call_options{}.timeout(1min)));
    CHECK(how.status().code() == code::deadline_exceeded);
  });
  w.until([&] { return inside.running() == 1; });
  clock.advance(2min);
  w.join(*waiting);
  w.until([&] { return inside.ended == 1 && w.server.active_calls() == 0; });
}

namespace {

task<void> in_a_scope(next_handler next) { static_cast<void>(co_await next()); }

/// Stops the handler when it is `enough`.
task<void> until(sluice::event& enough, next_handler next) {
  auto const over = [](sluice::event& what) -> task<status> {
    co_await what.wait();
    co_return status{};
  };
  static_cast<void>(co_await sluice::first_of(next(), over(enough)));
}

}  // namespace

TEST_CASE("a next that is stopped stops the handler, and is over when that has ended") {
  visits handlers;
  sluice::event never;
  sluice::event begun;
  world w{chain(with([&](server_exchange&, next_handler next) -> task<status> {
    co_await until(begun, next);
    CHECK(handlers.running() == 0);
    co_return status{code::unavailable, "too slow"};
  }))};
  w.service.say = [&](Note) -> task<Note> {
    visit const here{handlers};
    begun.set();
    co_await never.wait();
    co_return Note{};
  };
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    CHECK((co_await as_result(TalkStub{*on}.Say(note("x")))).status().message() == "too slow");
  });
  CHECK(handlers.begun == 1);
}

TEST_CASE("what a client sends while an interceptor goes on without its handler is nobody's") {
  visits handlers;
  sluice::event enough;
  sluice::event left;
  sluice::event late;
  world w{chain(with([&](server_exchange& call, next_handler next) -> task<status> {
    if (!call.call().method().ends_with("/Chat")) co_return co_await next();
    co_await until(enough, next);
    CHECK(handlers.running() == 0);
    left.set();
    co_await late.wait();
    co_return status{code::unavailable, "too slow"};
  }))};
  w.service.chat = [&](generator<Note> from) -> generator<Note> {
    visit const here{handlers};
    while (auto* const each = co_await from.next()) co_yield *each;
  };
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    auto chat = TalkStub{*on}.Chat();
    co_await chat.write(note("x"));
    CHECK((co_await chat.next())->text() == "x");
    enough.set();
    co_await left.wait();
    co_await chat.write(note("y"));
    co_await chat.writes_done();
    static_cast<void>(co_await TalkStub{*on}.Say(note("z")));  // what was sent before has come
    late.set();
    auto const end = co_await as_result(chat.next());
    CHECK(end.status().message() == "too slow");
  });
}

TEST_CASE("an interceptor stops a handler that waits for the client's window") {
  visits handlers;
  sluice::event enough;
  world w{chain(with([&](server_exchange&, next_handler next) -> task<status> {
    co_await until(enough, next);
    co_return status{code::unavailable, "too slow"};
  }))};
  w.service.listen = [&](Note) -> generator<Note> {
    visit const here{handlers};
    for (;;) co_yield note(std::string(10'000, 'x'));
  };
  auto const on = w.connect();
  auto heard = TalkStub{*on}.Listen(note("x"));
  w.run([&]() -> task<void> {
    CHECK(co_await heard.next() != nullptr);
    enough.set();
  });
  w.until([&] { return handlers.ended == 1; });
}

TEST_CASE("a server that is destroyed drops interceptors and handlers, also those in a scope not joined") {
  visits handlers;
  visits inside;
  sluice::event never;
  bounded_io io;
  talk service;
  service.say = [&](Note) -> task<Note> {
    visit const here{handlers};
    co_await never.wait();
    co_return Note{};
  };
  auto options = chain(with([&](server_exchange&, next_handler next) -> task<status> {
    visit const here{inside};
    if (inside.begun == 1) co_return co_await next();
    sluice::scope work;
    work.spawn(in_a_scope(next));
    co_await never.wait();
    co_return status{};
  }));
  options.log = [](auto, auto) {};
  auto server = std::make_unique<sluice::server>(io.executor(), std::move(options));
  server->add(service);
  channel on{io.executor(), server->listen("127.0.0.1:0"), {.log = [](auto, auto) {}}};
  auto const say = [&]() -> task<void> {
    CHECK((co_await as_result(TalkStub{on}.Say(note("x")))).status().code() == code::unavailable);
  };
  auto const first = io.start(say);
  auto const second = io.start(say);
  io.until([&] { return handlers.running() == 2; });
  server.reset();
  CHECK(handlers.running() == 0);
  CHECK(inside.running() == 0);
  io.join(*first);
  io.join(*second);
}

TEST_CASE("a client that cancels stops interceptor and handler") {
  visits handlers;
  visits inside;
  sluice::event never;
  world w{chain(with([&](server_exchange&, next_handler next) -> task<status> {
    visit const here{inside};
    co_return co_await next();
  }))};
  w.service.chat = [&](generator<Note> from) -> generator<Note> {
    visit const here{handlers};
    while (auto* const each = co_await from.next()) co_yield *each;
  };
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    auto chat = TalkStub{*on}.Chat();
    co_await chat.write(note("x"));
    CHECK((co_await chat.next())->text() == "x");
  });
  w.until([&] { return handlers.ended == 1 && inside.ended == 1; });
}

TEST_CASE("a server's shutdown stops what runs inside an interceptor, by its grace") {
  sluice::event never;
  visits inside;
  world w{chain(with([&](server_exchange&, next_handler) -> task<status> {
    visit const here{inside};
    co_await never.wait();
    co_return status{};
  }))};
  auto const on = w.connect();
  auto const waiting = w.start(
      [&]() -> task<void> { CHECK_FALSE((co_await as_result(TalkStub{*on}.Say(note("x")))).status().ok()); });
  w.until([&] { return inside.running() == 1; });
  w.run([&] { return w.server.shutdown(10ms); });
  w.join(*waiting);
  CHECK(inside.running() == 0);
}
