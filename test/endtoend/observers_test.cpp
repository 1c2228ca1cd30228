// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

using namespace endtoend;

namespace {

using lines = std::vector<std::string>;

struct seen_by_server final : sluice::server_observer {
  void connection_opened(std::string_view peer) noexcept override {
    CHECK(peer.starts_with("ipv4:127.0.0.1:"));
    seen.emplace_back("opened");
  }
  void connection_closed(std::string_view, std::string_view why) noexcept override {
    CHECK_FALSE(why.empty());
    seen.emplace_back("closed");
  }
  void call_started(std::string_view method, std::string_view) noexcept override {
    seen.push_back("started " + std::string{method});
  }
  void call_ended(std::string_view method, status const& how, sluice::duration took) noexcept override {
    CHECK(took >= sluice::duration::zero());
    seen.push_back("ended " + std::string{method} + " " + std::string{to_string(how.code())});
  }
  lines seen;
};

struct seen_by_channel final : sluice::channel_observer {
  void connection_opened(std::string_view peer) noexcept override {
    seen.push_back("opened " + std::string{peer});
  }
  void connection_closed(std::string_view peer, std::string_view why) noexcept override {
    CHECK_FALSE(why.empty());
    seen.push_back("closed " + std::string{peer});
  }
  void call_started(std::string_view method) noexcept override {
    seen.push_back("started " + std::string{method});
  }
  void call_ended(std::string_view method, status const& how, sluice::duration took) noexcept override {
    CHECK(took >= sluice::duration::zero());
    seen.push_back("ended " + std::string{method} + " " + std::string{to_string(how.code())});
  }
  lines seen;
};

}  // namespace

TEST_CASE("observers are told of connections and calls, in order, on both sides") {
  seen_by_server at_server;
  seen_by_channel at_channel;
  world w{{.observer = &at_server}};
  w.service.listen = [](Note) -> generator<Note> {
    co_yield note("one");
    co_yield status{code::not_found, "no more"};
  };
  auto on = w.connect({.observer = &at_channel});
  w.run([&]() -> task<void> {
    co_await TalkStub{*on}.Say(note("x"));
    auto heard = TalkStub{*on}.Listen(note("x"));
    co_await heard.next();
    static_cast<void>(co_await as_result(heard.next()));
    static_cast<void>(co_await as_result(NobodyStub{*on}.Say(note("x"))));
    co_await on->shutdown(1s);
  });
  w.until([&] { return w.server.connections() == 0; });
  CHECK(at_server.seen == lines{"opened", "started /endtoend.Talk/Say", "ended /endtoend.Talk/Say OK",
                                "started /endtoend.Talk/Listen", "ended /endtoend.Talk/Listen NOT_FOUND",
                                "started /endtoend.Nobody/Say", "ended /endtoend.Nobody/Say UNIMPLEMENTED",
                                "closed"});
  CHECK(at_channel.seen == lines{"started /endtoend.Talk/Say", "opened " + w.address,
                                 "ended /endtoend.Talk/Say OK", "started /endtoend.Talk/Listen",
                                 "ended /endtoend.Talk/Listen NOT_FOUND", "started /endtoend.Nobody/Say",
                                 "ended /endtoend.Nobody/Say UNIMPLEMENTED", "closed " + w.address});
}

TEST_CASE("an observer is told how a cancelled call ended") {
  seen_by_server at_server;
  seen_by_channel at_channel;
  world w{{.observer = &at_server}};
  auto const on = w.connect({.observer = &at_channel});
  std::optional heard{TalkStub{*on}.Listen(note("x", 100'000'000))};
  w.run([&]() -> task<void> { co_await heard->next(); });
  heard.reset();
  CHECK(at_channel.seen.back() == "ended /endtoend.Talk/Listen CANCELLED");
  w.until([&] { return at_server.seen.back() == "ended /endtoend.Talk/Listen CANCELLED"; });
}

TEST_CASE("how long a call took is told in the clock's time") {
  struct timing final : sluice::server_observer, sluice::channel_observer {
    using sluice::channel_observer::call_started;
    using sluice::server_observer::call_started;
    void call_ended(std::string_view, status const&, sluice::duration took) noexcept override {
      all.push_back(took);
    }
    std::vector<sluice::duration> all;
  };
  timing times;
  world w{{.observer = &times}};
  sluice::testing::manual_clock clock{w.executor()};
  w.service.say = [](Note said) -> task<Note> {
    co_await sluice::sleep_for(3s);  // sleep: on the manual clock
    co_return said;
  };
  auto const on = w.connect({.observer = &times});
  auto const calling = w.start([&]() -> task<void> { co_await TalkStub{*on}.Say(note("x")); });
  w.until([&] { return w.server.active_calls() == 1; });
  w.poll();
  clock.advance(3s);
  w.join(*calling);
  CHECK(times.all == std::vector<sluice::duration>{3s, 3s});
}

TEST_CASE("the log sink gets what goes wrong, with its level, and nothing when all is well") {
  world w;
  auto const on = w.connect();
  w.run([&]() -> task<void> { co_await TalkStub{*on}.Say(note("x")); });
  for (auto const& [level, line] : w.log.lines) CHECK(level == sluice::log_level::debug);
  w.log.lines.clear();
  w.service.say = [](Note) -> task<Note> {
    throw std::runtime_error{"broken"};
    co_return Note{};
  };
  w.run([&]() -> task<void> { static_cast<void>(co_await as_result(TalkStub{*on}.Say(note("x")))); });
  REQUIRE(w.log.lines.size() == 1);
  CHECK(w.log.lines[0].first == sluice::log_level::error);
  CHECK(w.log.contain("broken"));
}
