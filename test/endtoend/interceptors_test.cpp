// SPDX-License-Identifier: Apache-2.0
// Interceptors of channels: around one call, of any kind.
#include "interceptors.hpp"

using namespace endtoend;
using sluice::client_exchange;
using sluice::next_call;
using sluice::passing_message;
using sluice::raw_message;

namespace {

generator<Note> large_notes(int count) {
  for (int i = 0; i != count; ++i) co_yield note(std::string(10'000, 'l'), i);
}

}  // namespace

TEST_CASE("interceptors run in the order of their registration, the first outermost") {
  world w;
  std::vector<std::string> steps;
  auto const named = [&](std::string name) {
    return with([&steps, name](client_exchange&, next_call next) -> task<status> {
      steps.push_back(name + " in");
      status const how = co_await next();
      steps.push_back(name + " out");
      co_return how;
    });
  };
  auto const on = w.connect(chain(named("a"), named("b")));
  w.run([&]() -> task<void> { CHECK((co_await TalkStub{*on}.Say(note("x"))).text() == "x"); });
  CHECK(steps == std::vector<std::string>{"a in", "b in", "b out", "a out"});
}

TEST_CASE("an interceptor refuses a call of any kind, and nothing is sent") {
  world w;
  auto const on = w.connect(chain(with([](client_exchange&, next_call) -> task<status> {
    co_return status{code::permission_denied, "not today"};
  })));
  w.run([&]() -> task<void> {
    TalkStub talk{*on};
    CHECK((co_await as_result(talk.Say(note("x")))).status().code() == code::permission_denied);
    auto heard = talk.Listen(note("x"));
    CHECK((co_await as_result(heard.next())).status().code() == code::permission_denied);
    CHECK((co_await as_result(talk.Tell(notes(3)))).status().code() == code::permission_denied);
    auto chat = talk.Chat();
    CHECK((co_await as_result(chat.write(note("x")))).status().code() == code::permission_denied);
    CHECK((co_await as_result(chat.next())).status().code() == code::permission_denied);
  });
  CHECK(w.server.connections() == 0);
}

TEST_CASE("an interceptor waits before the call, and what was written meanwhile is sent") {
  world w;
  sluice::event gate;
  auto const on = w.connect(chain(with([&](client_exchange&, next_call next) -> task<status> {
    co_await gate.wait();
    co_return co_await next();
  })));
  std::int64_t told = 0;
  auto const telling =
      w.start([&]() -> task<void> { told = (co_await TalkStub{*on}.Tell(large_notes(100))).number(); });
  w.poll();
  CHECK(w.server.connections() == 0);
  gate.set();
  w.join(*telling);
  CHECK(told == 100);
}

TEST_CASE("an interceptor changes metadata, deadline and options of a call") {
  world w;
  w.service.say = [](Note) -> task<Note> {
    sluice::server_call& call = co_await sluice::this_call;
    CHECK_FALSE(call.deadline().is_never());
    co_return note(std::string{call.metadata().get("x-added").value_or("")});
  };
  auto const on = w.connect(chain(with([](client_exchange& call, next_call next) -> task<status> {
    CHECK(call.method().path == "/endtoend.Talk/Say");
    sluice::metadata more = call.options().metadata();
    more.add("x-added", "by the interceptor");
    call.options().metadata(more).timeout(10s);
    status const how = co_await next();
    CHECK(call.peer().starts_with("ipv4:"));
    co_return how;
  })));
  w.run([&]() -> task<void> {
    auto call = TalkStub{*on}.Say(note("x"), call_options{}.metadata({{"x-own", "1"}}));
    CHECK((co_await call).text() == "by the interceptor");
    CHECK(call.peer().starts_with("ipv4:"));
  });
}

TEST_CASE("hooks see each message, both ways, before next is over") {
  world w;
  int requests = 0;
  int responses = 0;
  std::vector<std::pair<int, int>> ends;
  auto const on = w.connect(chain(with([&](client_exchange& call, next_call next) -> task<status> {
    requests = responses = 0;
    call.on_request([&](passing_message&) { return ++requests, status{}; });
    call.on_response([&](passing_message&) { return ++responses, status{}; });
    status const how = co_await next();
    ends.emplace_back(requests, responses);
    co_return how;
  })));
  w.run([&]() -> task<void> {
    TalkStub talk{*on};
    co_await talk.Say(note("x"));
    auto heard = talk.Listen(note("x", 7));
    while (co_await heard.next()) {}
    static_cast<void>(co_await talk.Tell(notes(5)));
    auto chat = talk.Chat(notes(200));
    while (co_await chat.next()) {}
  });
  CHECK(ends == std::vector<std::pair<int, int>>{{1, 1}, {1, 7}, {5, 1}, {200, 200}});
}

TEST_CASE("hooks replace messages: the outer one sees a request first and a response last") {
  world w;
  auto const marks = [](std::string mark) {
    return with([mark](client_exchange& call, next_call next) -> task<status> {
      auto const append = [mark](passing_message& message) {
        message.replace(note(text_of(message) + mark).SerializeAsString());
        return status{};
      };
      call.on_request(append);
      call.on_response(append);
      co_return co_await next();
    });
  };
  auto const on = w.connect(chain(marks("a"), marks("b")));
  w.run([&]() -> task<void> {
    TalkStub talk{*on};
    CHECK((co_await talk.Say(note("-"))).text() == "-abba");
    auto chat = talk.Chat();
    co_await chat.write(note("+"));
    CHECK((co_await chat.next())->text() == "+abba");
  });
}

TEST_CASE("a hook that fails, or throws, fails the call") {
  world w;
  for (bool const of_requests : {true, false}) {
    for (bool const throws : {true, false}) {
      auto const on = w.connect(chain(with([=](client_exchange& call, next_call next) -> task<status> {
        auto const refuse = [throws](passing_message&) -> status {
          if (throws) throw std::runtime_error{"a bug"};
          return status{code::data_loss, "not this one"};
        };
        if (of_requests) call.on_request(refuse);
        else call.on_response(refuse);
        co_return co_await next();
      })));
      w.run([&]() -> task<void> {
        code const expected = throws ? code::internal : code::data_loss;
        TalkStub talk{*on};
        CHECK((co_await as_result(talk.Say(note("x")))).status().code() == expected);
        auto heard = talk.Listen(note("x", 3));
        CHECK((co_await as_result(heard.next())).status().code() == expected);
        CHECK((co_await as_result(talk.Tell(notes(2)))).status().code() == expected);
        auto chat = talk.Chat(notes(2));
        CHECK((co_await as_result(chat.next())).status().code() == expected);
      });
    }
  }
  w.until([&] { return w.server.active_calls() == 0; });
}

TEST_CASE("an interceptor answers in the server's place") {
  world w;
  auto const on = w.connect(chain(with([](client_exchange& call, next_call) -> task<status> {
    call.respond(raw_message{note("from here").SerializeAsString()});
    co_return status{};
  })));
  w.run([&]() -> task<void> {
    TalkStub talk{*on};
    CHECK((co_await talk.Say(note("x"))).text() == "from here");
    auto heard = talk.Listen(note("x"));
    CHECK((co_await heard.next())->text() == "from here");
    CHECK(co_await heard.next() == nullptr);
  });
  CHECK(w.server.connections() == 0);
}

TEST_CASE("an interceptor answers instead of a failure") {
  world w;
  w.service.say = [](Note) -> task<Note> { co_return status{code::unavailable, "away"}; };
  auto const on = w.connect(chain(with([](client_exchange& call, next_call next) -> task<status> {
    status const how = co_await next();
    if (how.code() != code::unavailable) co_return how;
    call.respond(raw_message{note("from the cache").SerializeAsString()});
    co_return status{};
  })));
  w.run([&]() -> task<void> { CHECK((co_await TalkStub{*on}.Say(note("x"))).text() == "from the cache"); });
}

TEST_CASE("an interceptor calls again, with the requests that it kept") {
  world w;
  int attempts = 0;
  auto const fails_twice = [&] { return ++attempts % 3 != 0; };
  w.service.say = [&](Note said) -> task<Note> {
    if (fails_twice()) co_return status{code::unavailable, "busy"};
    co_return said;
  };
  w.service.tell = [&](generator<Note> from) -> task<Note> {
    std::int64_t count = 0;
    while (co_await from.next()) ++count;
    if (fails_twice()) co_return status{code::unavailable, "busy"};
    co_return note("", count);
  };
  w.service.chat = [&](generator<Note> from) -> generator<Note> {
    if (fails_twice()) co_yield status{code::unavailable, "busy"};
    while (auto* const each = co_await from.next()) co_yield *each;
  };
  auto const on = w.connect(chain(with([](client_exchange& call, next_call next) -> task<status> {
    call.keep_requests(64 * 1024);
    status how = co_await next();
    while (how.code() == code::unavailable && call.may_retry()) how = co_await next();
    co_return how;
  })));
  w.run([&]() -> task<void> {
    TalkStub talk{*on};
    CHECK((co_await talk.Say(note("again"))).text() == "again");
    CHECK((co_await talk.Tell(notes(100))).number() == 100);
    auto chat = talk.Chat(notes(100));
    std::int64_t next = 0;
    while (auto* const each = co_await chat.next()) CHECK(each->number() == next++);
    CHECK(next == 100);
    auto by_hand = talk.Chat();
    co_await by_hand.write(note("1"));
    CHECK((co_await by_hand.next())->text() == "1");
    co_await by_hand.write(note("2"));
    CHECK((co_await by_hand.next())->text() == "2");
  });
  CHECK(attempts == 12);
}

TEST_CASE("a second next fails where a request was not kept, or a response was handed on") {
  world w;
  w.service.listen = [](Note) -> generator<Note> {
    co_yield note("one");
    co_yield status{code::unavailable, "half way"};
  };
  w.service.say = [](Note) -> task<Note> { co_return status{code::unavailable, "busy"}; };
  std::size_t keep = 0;
  std::vector<code> seconds;
  auto const on = w.connect(chain(with([&](client_exchange& call, next_call next) -> task<status> {
    call.keep_requests(keep);
    status const how = co_await next();
    CHECK_FALSE(call.may_retry());
    seconds.push_back((co_await next()).code());
    co_return how;
  })));
  w.run([&]() -> task<void> {
    TalkStub talk{*on};
    CHECK((co_await as_result(talk.Say(note("x")))).status().code() == code::unavailable);
    keep = 1000;
    CHECK((co_await as_result(talk.Say(note(std::string(2000, 'x'))))).status().code() == code::unavailable);
    auto heard = talk.Listen(note("x"));
    CHECK((co_await heard.next())->text() == "one");
    CHECK((co_await as_result(heard.next())).status().code() == code::unavailable);
  });
  CHECK(seconds == std::vector<code>(3, code::failed_precondition));
}

TEST_CASE("a next beside a next fails with FAILED_PRECONDITION, and the first goes on") {
  world w;
  auto const on = w.connect(chain(with([](client_exchange&, next_call next) -> task<status> {
    auto const [first, second] = co_await sluice::when_all(next(), next());
    CHECK(second.code() == code::failed_precondition);
    co_return first;
  })));
  w.run([&]() -> task<void> { CHECK((co_await TalkStub{*on}.Say(note("x"))).text() == "x"); });
}

TEST_CASE("an interceptor that throws fails the call: by its status, or INTERNAL and logged") {
  world w;
  bool with_status = true;
  auto const on = w.connect(chain(with([&](client_exchange&, next_call next) -> task<status> {
    static_cast<void>(co_await next());
    if (with_status) throw sluice::status_error{code::aborted, "by me"};
    throw std::runtime_error{"a bug in it"};
  })));
  w.run([&]() -> task<void> {
    CHECK((co_await as_result(TalkStub{*on}.Say(note("x")))).status().code() == code::aborted);
    with_status = false;
    CHECK((co_await as_result(TalkStub{*on}.Say(note("x")))).status().code() == code::internal);
  });
  CHECK(w.log.contain("a bug in it"));
}

TEST_CASE("a deadline ends a call whose interceptor does not, at once") {
  world w;
  sluice::event never;
  visits inside;
  auto const on = w.connect(chain(with([&](client_exchange&, next_call) -> task<status> {
    visit const here{inside};
    co_await never.wait_unstoppably();
    co_return status{};
  })));
  w.run([&]() -> task<void> {
    auto const how = co_await as_result(TalkStub{*on}.Say(note("x"), call_options{}.timeout(20ms)));
    CHECK(how.status().code() == code::deadline_exceeded);
  });
  CHECK(inside.running() == 1);
  never.set();
  w.until([&] { return inside.running() == 0; });
}

TEST_CASE("a stop, a cancel and a destroyed call stop the interceptor") {
  world w;
  sluice::event never;
  visits inside;
  auto const on = w.connect(chain(with([&](client_exchange&, next_call) -> task<status> {
    visit const here{inside};
    co_await never.wait();
    co_return status{};
  })));
  TalkStub talk{*on};
  {
    auto call = talk.Say(note("x"));
    auto const waiting = w.start(
        [&]() -> task<void> { CHECK((co_await as_result(call)).status().code() == code::cancelled); });
    w.until([&] { return inside.running() == 1; });
    call.cancel();
    w.join(*waiting);
  }
  CHECK(inside.running() == 0);
  w.run([&]() -> task<void> {
    auto chat = talk.Chat();
    co_await chat.write(note("x"));
    CHECK(inside.running() == 1);
  });
  w.until([&] { return inside.running() == 0; });
  w.run([&]() -> task<void> {
    auto const first = co_await sluice::first_of(
        [](TalkStub to) -> task<int> {
          co_await to.Say(note("x"));
          co_return 1;
        }(talk),
        []() -> task<int> { co_return 2; }());
    CHECK(first == 2);
  });
  CHECK(inside.running() == 0);
}

TEST_CASE("a cancel ends a call whose interceptor works behind the answer") {
  world w;
  sluice::event never;
  visits behind;
  auto const on = w.connect(chain(with([&](client_exchange&, next_call next) -> task<status> {
    status const how = co_await next();
    visit const here{behind};
    co_await never.wait();
    co_return how;
  })));
  auto call = TalkStub{*on}.Say(note("x"));
  auto const waiting =
      w.start([&]() -> task<void> { CHECK((co_await as_result(call)).status().code() == code::cancelled); });
  w.until([&] { return behind.running() == 1; });
  call.cancel();
  w.join(*waiting);
  w.until([&] { return behind.ended == 1; });
}

TEST_CASE("what is not to be compressed is not, also when it passes through a chain") {
  world w;
  std::vector<bool> compressed;
  w.service.chat = [&](generator<Note> from) -> generator<Note> {
    sluice::server_call& call = co_await sluice::this_call;
    while (auto* const each = co_await from.next()) {
      compressed.push_back(call.request_compressed());
      co_yield *each;
    }
  };
  auto options =
      chain(with([](client_exchange&, next_call next) -> task<status> { co_return co_await next(); }));
  options.compression = "gzip";
  options.compression_min_size = 0;
  auto const on = w.connect(std::move(options));
  w.run([&]() -> task<void> {
    Note const zeros = note(std::string(1000, '0'));
    auto chat = TalkStub{*on}.Chat();
    chat.compress_messages(sluice::compression_mode::never);
    co_await chat.write(zeros);
    CHECK(co_await chat.next() != nullptr);
    co_await chat.write(zeros);
    CHECK(co_await chat.next() != nullptr);
    chat.compress_messages(sluice::compression_mode::when_smaller);
    co_await chat.write(zeros);
    CHECK(co_await chat.next() != nullptr);
  });
  CHECK(compressed == std::vector{false, false, true});
}

TEST_CASE("a next that is stopped ends the call on the wire, and the interceptor decides") {
  world w;
  sluice::event never;
  w.service.say = [&](Note) -> task<Note> {
    co_await never.wait();
    co_return Note{};
  };
  auto const on = w.connect(chain(with([](client_exchange& call, next_call next) -> task<status> {
    auto const soon = []() -> task<status> {
      co_await sluice::sleep_for(20ms);
      co_return status{code::unavailable, "too slow"};
    };
    static_cast<void>(co_await sluice::first_of(next(), soon()));
    call.respond(raw_message{note("the default").SerializeAsString()});
    co_return status{};
  })));
  w.run([&]() -> task<void> { CHECK((co_await TalkStub{*on}.Say(note("x"))).text() == "the default"); });
  w.until([&] { return w.server.active_calls() == 0; });
}

TEST_CASE("a stopped next whose responses nobody read is over") {
  world w;
  sluice::event patience_is_over;
  auto const on = w.connect(chain(with([&](client_exchange&, next_call next) -> task<status> {
    auto const giving_up = [](sluice::event& until) -> task<status> {
      co_await until.wait();
      co_return status{};
    };
    static_cast<void>(co_await sluice::first_of(next(), giving_up(patience_is_over)));
    co_return status{code::aborted, "enough"};
  })));
  auto heard = TalkStub{*on}.Listen(note("x", 3));
  w.run([&]() -> task<void> { CHECK((co_await heard.next())->text() == "x"); });
  w.until([&] { return w.server.active_calls() == 0; });
  w.poll();
  CHECK_FALSE(heard.ended());
  patience_is_over.set();
  w.until([&] { return heard.ended(); });
  CHECK(heard.status().code() == code::aborted);
}

TEST_CASE("a channel that is shut down ends its intercepted calls, and waits for those that may finish") {
  world w;
  sluice::event gate;
  auto const on = w.connect(chain(with([&](client_exchange&, next_call next) -> task<status> {
    co_await gate.wait();
    co_return co_await next();
  })));
  std::vector<code> ends;
  auto const say = [&]() -> task<void> {
    ends.push_back((co_await as_result(TalkStub{*on}.Say(note("x")))).status().code());
  };
  auto const first = w.start(say);
  w.poll();
  auto const down = w.start([&]() -> task<void> { co_await on->shutdown(10s); });
  w.poll();
  CHECK_FALSE(down->done);
  gate.set();
  w.join(*first);
  w.join(*down);
  CHECK(ends == std::vector{code::ok});
  w.run(say);
  CHECK(ends.back() == code::unavailable);

  gate.reset();
  auto other = w.connect(chain(with([&](client_exchange&, next_call next) -> task<status> {
    co_await gate.wait();
    co_return co_await next();
  })));
  auto const second = w.start([&]() -> task<void> {
    ends.push_back((co_await as_result(TalkStub{*other}.Say(note("x")))).status().code());
  });
  w.poll();
  other.reset();
  w.join(*second);
  CHECK(ends.back() == code::unavailable);
}

TEST_CASE("an io_context that goes takes intercepted calls with it") {
  visits inside;
  sluice::event never;
  {
    world w;
    auto const on = w.connect(chain(with([&](client_exchange&, next_call) -> task<status> {
      visit const here{inside};
      co_await never.wait_unstoppably();
      co_return status{};
    })));
    auto const waiting = w.start([&]() -> task<void> { co_await TalkStub{*on}.Say(note("x")); });
    w.until([&] { return inside.running() == 1; });
    w.run([&]() -> task<void> {  // released, while its interceptor goes on
      auto chat = TalkStub{*on}.Chat();
      co_await chat.write(note("x"));
    });
  }
  CHECK(inside.begun == 2);
  CHECK(inside.ended == 2);
}

TEST_CASE("a stop callback destroys the call whose end it is told, behind interceptors and bare") {
  using callback = sluice::stop_callback<std::function<void(sluice::stop_reason)>>;
  for (bool const bare : {false, true}) {
    INFO((bare ? "bare" : "behind an interceptor"));
    sluice::event go;
    std::optional<callback> gone;
    std::optional<decltype(TalkStub{std::declval<channel&>()}.Chat(notes(0)))> chat;
    auto const observe = [&](sluice::stop_token stop) {
      gone.emplace(stop, [&](sluice::stop_reason) { chat.reset(); });
    };
    world w;
    w.service.chat = [&](generator<Note>) -> generator<Note> {
      (co_await sluice::this_call).send_initial_metadata();
      co_await go.wait();
    };
    auto const asking = [&]() -> generator<Note> {
      if (bare) observe(co_await sluice::this_stop);
      co_yield note("x");
    };
    sluice::channel_options options;
    if (!bare)
      options = chain(with([&](client_exchange&, next_call next) -> task<status> {
        observe(co_await sluice::this_stop);
        co_return co_await next();
      }));
    auto const on = w.connect(std::move(options));
    chat.emplace(TalkStub{*on}.Chat(asking()));
    w.run([&]() -> task<void> { CHECK(co_await chat->headers()); });
    if (bare) w.run([&] { return w.server.shutdown(0ms); });  // the connection is lost
    else go.set();
    w.until([&] { return !chat; });
    w.poll();
  }
}
