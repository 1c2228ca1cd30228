// SPDX-License-Identifier: Apache-2.0
// Peers that are connected and say nothing more, on real sockets.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "world.hpp"

using namespace endtoend;

namespace {

/// How many sockets of this process have `limit` as their TCP_USER_TIMEOUT.
int sockets_with_user_timeout(std::chrono::milliseconds limit) {
  int count = 0;
  for (int fd = 0; fd != 1024; ++fd) {
    unsigned value = 0;
    socklen_t size = sizeof value;
    if (::getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &value, &size) == 0 && value == limit.count())
      ++count;
  }
  return count;
}

task<void> greet(channel& on) { co_await TalkStub{on}.Say(note("x")); }

/// Client and server, each on a context of its own: the one that is not run is a process that was stopped.
struct two_processes {
  two_processes(sluice::server_options server_options, sluice::channel_options client_options)
      : server{std::move(server_options)} {
    server.service.say = [this](Note) -> task<Note> {
      visit const here{handler};
      sluice::event never;
      co_await never.wait();
      co_return Note{};
    };
    client_options.log = server.log.sink();
    on = std::make_unique<channel>(client.executor(), server.server.listen("127.0.0.1:0"),
                                   std::move(client_options));
    call = client.start([this]() -> task<void> {
      auto const answer = co_await as_result(TalkStub{*on}.Say(note("x")));
      ended_with = answer.status();
    });
    while (handler.begun == 0) {
      client.poll();
      server.poll();
    }
    client.poll();
  }

  visits handler;
  status ended_with;  // outlives the channel, whose end is told to it
  world server;
  bounded_io client;
  std::unique_ptr<channel> on;
  std::shared_ptr<bounded_io::background> call;
};

}  // namespace

TEST_CASE("a call to a server that has stopped ends with UNAVAILABLE after keepalive's time and timeout") {
  two_processes both{{}, {.keepalive = {.time = 10s, .timeout = 100ms}}};
  sluice::testing::manual_clock clock{both.client.executor()};
  for (auto const each : {10s + 0ms, 100ms + 0ms}) {
    both.client.poll();
    CHECK_FALSE(both.call->done);
    clock.advance(each + 2ms);
  }
  both.client.join(*both.call);
  CHECK(both.ended_with.code() == code::unavailable);
  CHECK(std::string{both.ended_with.message()}.find("the keepalive ping was not answered within 100.0 ms") !=
        std::string::npos);
}

TEST_CASE("a handler whose client has stopped is stopped after keepalive's time and timeout") {
  two_processes both{{.keepalive = {.time = 100ms, .timeout = 100ms}}, {}};
  both.server.until([&] { return both.handler.running() == 0 && both.server.server.connections() == 0; });
  CHECK(both.server.log.contain("the keepalive ping was not answered within 100.0 ms"));
}

TEST_CASE("TCP gives up after keepalive.timeout, where keepalive is on") {
  world w{{.keepalive = {.timeout = 7777ms}}};
  auto const quiet = w.connect();
  w.run([&] { return greet(*quiet); });
  CHECK(sockets_with_user_timeout(7777ms) == 1);  // the server's: it has keepalive by default

  auto const pinging = w.connect({.keepalive = {.time = 1min, .timeout = 8888ms}});
  w.run([&] { return greet(*pinging); });
  CHECK(sockets_with_user_timeout(7777ms) == 2);
  CHECK(sockets_with_user_timeout(8888ms) == 1);
}

TEST_CASE("keepalive on a unix socket has no TCP to tell") {
  world w;
  w.address = w.server.listen("unix-abstract:sluice-keepalive-" + std::to_string(::getpid()));
  auto const on = w.connect({.keepalive = {.time = 1min}});
  w.run([&] { return greet(*on); });
  CHECK(w.server.connections() == 1);
}
