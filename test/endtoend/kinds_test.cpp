// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include <sluice/net/asio_stream.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <unistd.h>

using namespace endtoend;

namespace {

generator<Note> notes(int count) {
  for (int i = 0; i != count; ++i) co_yield note("n", i);
}

/// Each kind of call, to its end, on a channel.
task<void> all_four_kinds(channel& on) {
  TalkStub talk{on};

  Note const said = co_await talk.Say(note("hello", 7));
  CHECK(said.text() == "hello");
  CHECK(said.number() == 7);

  auto heard = talk.Listen(note("again", 2000));
  std::int64_t next = 0;
  while (auto* const each = co_await heard.next()) {
    CHECK(each->number() == next);
    ++next;
  }
  CHECK(next == 2000);
  CHECK(heard.ended());
  CHECK(heard.status().ok());

  Note const told = co_await talk.Tell(notes(2000));
  CHECK(told.number() == 2000);

  auto chat = talk.Chat(notes(2000));
  next = 0;
  while (auto* const each = co_await chat.next()) CHECK(each->number() == next++);
  CHECK(next == 2000);

  auto by_hand = talk.Chat();
  for (int i = 0; i != 3; ++i) {
    co_await by_hand.write(note("turn", i));
    auto* const reply = co_await by_hand.next();
    REQUIRE(reply != nullptr);
    CHECK(reply->number() == i);
  }
  co_await by_hand.writes_done();
  CHECK(co_await by_hand.next() == nullptr);

  auto told_by_hand = talk.Tell();
  co_await told_by_hand.write(note("a"));
  co_await told_by_hand.write(note("b"));
  Note const joined = co_await told_by_hand.finish();
  CHECK(joined.text() == "ab");
}

void serve_all_four(std::string_view listen_on, std::string_view bound_begins_with) {
  world w;
  std::string const bound = w.server.listen(listen_on);
  CHECK(bound.starts_with(bound_begins_with));
  auto const on = w.connect_to(bound);
  w.run([&] { return all_four_kinds(*on); });
  CHECK(w.server.connections() == 1);
  w.run([&] { return on->shutdown(5s); });
  w.run([&] { return w.server.shutdown(5s); });
  CHECK(w.server.connections() == 0);
  CHECK(w.server.active_calls() == 0);
}

std::string unique_name(std::string_view what) {
  return "sluice-endtoend-" + std::string{what} + "-" + std::to_string(::getpid());
}

}  // namespace

TEST_CASE("the four kinds of call over TCP on IPv4") { serve_all_four("127.0.0.1:0", "ipv4:127.0.0.1:"); }
TEST_CASE("the four kinds of call over TCP on IPv6") { serve_all_four("[::1]:0", "ipv6:[::1]:"); }
TEST_CASE("the four kinds of call over a unix socket") {
  std::string const path = "/tmp/" + unique_name("kinds") + ".sock";
  serve_all_four("unix:" + path, "unix:" + path);
  CHECK(::access(path.c_str(), F_OK) != 0);
}
TEST_CASE("the four kinds of call over an abstract unix socket") {
  serve_all_four("unix-abstract:" + unique_name("kinds"), "unix-abstract:");
}

TEST_CASE("the four kinds of call over a name that is resolved") {
  world w;
  auto const bound = w.server.listen("localhost:0");
  auto const port = bound.substr(bound.rfind(':') + 1);
  auto const on = w.connect_to("dns:///localhost:" + port);
  w.run([&] { return all_four_kinds(*on); });
}

TEST_CASE("the four kinds of call through a pipe in memory") {
  world w;
  auto const on = w.connect_in_process();
  w.run([&] { return all_four_kinds(*on); });
  CHECK(w.server.connections() == 1);
}

TEST_CASE("the four kinds of call through a pipe that gives one byte at a time") {
  world w;
  sluice::testing::pipe_options crumbs;
  crumbs.first.max_read = crumbs.second.max_read = 1;
  crumbs.first.max_write = crumbs.second.max_write = 7;
  channel on{w.executor(), sluice::testing::connect_to(w.executor(), w.server, crumbs)};
  w.run([&]() -> task<void> {
    TalkStub talk{on};
    CHECK((co_await talk.Say(note("small"))).text() == "small");
    auto chat = talk.Chat(notes(5));
    int count = 0;
    while (co_await chat.next()) ++count;
    CHECK(count == 5);
  });
}

TEST_CASE("the four kinds of call over a byte_stream of the user's") {
  // Both ends are Asio sockets in the adapter that users put around their own streams.
  world w;
  asio::ip::tcp::acceptor acceptor{w.io, {asio::ip::address_v4::loopback(), 0}};
  auto const dial = [&]() -> std::unique_ptr<sluice::byte_stream> {
    asio::ip::tcp::socket ours{w.io};
    ours.connect(acceptor.local_endpoint());
    w.server.serve(
        sluice::make_asio_stream(acceptor.accept(), {.peer = "user:client", .local = "user:server"}));
    return sluice::make_asio_stream(std::move(ours), {.peer = "user:server", .local = "user:client"});
  };
  channel on{w.executor(), dial};
  w.run([&] { return all_four_kinds(on); });
  w.run([&]() -> task<void> {
    TalkStub talk{on};
    auto call = talk.Say(note("who"));
    co_await call;
    CHECK(call.peer() == "user:server");
  });
}

TEST_CASE("several listeners serve the same services") {
  world w;
  auto const first = w.connect_to(w.server.listen("127.0.0.1:0"));
  auto const second = w.connect_to(w.server.listen("[::1]:0"));
  auto const third = w.connect_to(w.server.listen("unix-abstract:" + unique_name("several")));
  for (auto* const each : {first.get(), second.get(), third.get()})
    w.run([&]() -> task<void> { CHECK((co_await TalkStub{*each}.Say(note("x"))).text() == "x"); });
  CHECK(w.server.connections() == 3);
}

TEST_CASE("messages of no byte, of one, and of megabytes pass unchanged") {
  world w;
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    TalkStub talk{*on};
    for (std::size_t const size :
         {std::size_t{0}, std::size_t{1}, std::size_t{64} << 10, std::size_t{3} << 20}) {
      Note const sent = note(std::string(size, 'x'));
      Note const echoed = co_await talk.Say(sent);
      CHECK(echoed.text() == sent.text());
      auto chat = talk.Chat();
      co_await chat.write(sent);
      auto* const reply = co_await chat.next();
      REQUIRE(reply != nullptr);
      CHECK(reply->text() == sent.text());
    }
  });
}
