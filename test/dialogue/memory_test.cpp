// SPDX-License-Identifier: Apache-2.0
// How long a message's memory lives, and what timers do when there is none.
#include <sluice/client/interceptor.hpp>
#include <sluice/server/interceptor.hpp>

#include "dialogue/client_dialogue.hpp"
#include "dialogue/compression.hpp"
#include "dialogue/counted_memory.hpp"
#include "dialogue/server_dialogue.hpp"
#include "net/socket_stream.hpp"
#include "support/catch.hpp"

#include <sys/socket.h>

#include <boost/asio/detached.hpp>

#include <array>
#include <memory>
#include <optional>
#include <utility>

#if SLUICE_COUNTS_ALLOCATIONS

using namespace sluice;
using namespace sluice::test;
using boost::asio::detached;

namespace {

constexpr std::size_t large = std::size_t{3} * 1024 * 1024;
constexpr std::size_t small = std::size_t{64} * 1024;
constexpr auto tick = 1ms;  // of the timer wheel

/// Lets an interceptor's hook replace each message by one as large.
struct replacing final : client_interceptor, server_interceptor {
  task<status> intercept(client_exchange& call, next_call next) override {
    call.on_response(replace);
    co_return co_await next();
  }
  task<status> intercept(server_exchange& call, next_handler next) override {
    call.on_request(replace);
    co_return co_await next();
  }
  static status replace(passing_message& message) {
    message.replace(std::string{as_text(message.bytes())});
    return status{};
  }
};

/// Takes the request apart, and stays.
task<text> digest(text request, event& go, std::size_t& held) {
  auto const size = request.value.size();
  std::string{}.swap(request.value);
  held = held_memory();
  co_await go.wait();
  co_return text{std::to_string(size)};
}

}  // namespace

TEST_CASE("an inflated request is not kept while its handler runs") {
  for (bool const intercepted : {false, true}) {
    for (auto const* const encoding : {"gzip", "deflate", "zstd"}) {
      INFO(encoding << (intercepted ? " in an interceptor" : ""));
      server_options options;
      if (intercepted) options.interceptors.push_back(std::make_shared<replacing>());
      server_dialogue d{std::move(options)};
      event go;
      std::size_t held = 0;
      d.handlers.unary = [&](text request) { return digest(std::move(request), go, held); };
      auto peer = d.client();
      auto const said = packed(encoding, std::string(large, '\0'));
      std::size_t const before = held_memory();
      peer.send(unary_request(1).field("grpc-encoding", encoding))
          .send(data(1).message(said, 1).end())
          .settle();
      REQUIRE(d.served.active_calls() == 1);
      REQUIRE(held != 0);
      CHECK(held_memory() < before + small);
      go.set();
      peer.expect(response(1)).expect(data(1).message(std::to_string(large))).expect(trailers(1));
    }
  }
}

TEST_CASE("a request is not kept while its handler runs") {
  server_dialogue d;
  event go;
  std::size_t held = 0;
  d.handlers.unary = [&](text request) { return digest(std::move(request), go, held); };
  auto peer = d.client();
  std::string const said(large, 'x');
  auto first = data(1).message(said);
  auto const kept = held_memory();
  peer.send(unary_request(1));
  // In frames that the server's window takes.
  constexpr std::size_t piece = 16 * 1024;
  std::string_view const bytes = first.payload;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    auto part = data(1);
    part.payload = std::string{bytes.substr(at, piece)};
    if (at + piece >= bytes.size()) part.end();
    peer.send(part).settle();
  }
  REQUIRE(held != 0);
  CHECK(held_memory() < kept + large / 2);
  go.set();
  d.settle();
  CHECK(d.served.active_calls() == 0);
}

namespace {

constexpr std::uint32_t idle_streams = 100;
constexpr std::size_t of_an_idle_stream = 2048;

task<void> ask_and_wait(channel& on) {
  bidi_streaming_call<text, text> call{on, text_service::bidi_method, {}};
  text const question{"ask"};
  co_await call.write(question);
  while (co_await call.next() != nullptr) {}
}

}  // namespace

TEST_CASE("a stream that waits for its client costs a server less than two kilobytes") {
  server_dialogue d;
  d.handlers.bidi = [](generator<text> items) { return coro::relay(std::move(items)); };
  auto peer = d.client();
  std::uint32_t next = 1;
  auto const converse = [&] {
    peer.send(bidi_request(next)).send(data(next).message("one"));
    peer.expect(response(next)).expect(data(next).message("one"));
    next += 2;
  };
  converse();
  std::size_t const before = held_memory();
  for (std::uint32_t i = 0; i != idle_streams; ++i) converse();
  REQUIRE(d.served.active_calls() == idle_streams + 1);
  CHECK(held_memory() < before + idle_streams * of_an_idle_stream);
}

TEST_CASE("a stream that waits for its server costs a client less than two kilobytes") {
  client_dialogue d;
  spawn(d.io, ask_and_wait(d.through), detached);
  auto peer = d.server();
  std::uint32_t next = 1;
  auto const answer = [&] {
    peer.expect(headers(next)).expect(data(next).message("ask"));
    peer.send(response(next)).send(data(next).message("answer")).settle();
    next += 2;
  };
  answer();
  std::size_t const before = held_memory();
  for (std::uint32_t i = 0; i != idle_streams; ++i) {
    spawn(d.io, ask_and_wait(d.through), detached);
    answer();
  }
  CHECK(held_memory() < before + idle_streams * of_an_idle_stream);
  for (std::uint32_t i = 1; i != next; i += 2) peer.send(trailers(i));
  d.settle();
}

namespace {

task<void> ask_and_keep(channel& on, event& go, std::size_t& size, std::optional<status>& ended) {
  unary_call<text> call{on, text_service::unary_method, text{"ask"}, {}};
  {
    auto answer = co_await as_result(call);
    if (answer) size = answer->value.size();
    ended = answer.status();
  }
  co_await go.wait();
}

}  // namespace

TEST_CASE("an inflated response is not kept with its call") {
  for (bool const intercepted : {false, true}) {
    INFO((intercepted ? "in an interceptor" : "bare"));
    event go;
    std::size_t size = 0;
    std::optional<status> ended;
    channel_options options;
    if (intercepted) options.interceptors.push_back(std::make_shared<replacing>());
    client_dialogue d{std::move(options)};
    spawn(d.io, ask_and_keep(d.through, go, size, ended), detached);
    auto peer = d.server();
    peer.expect(headers(1)).expect(data(1).message("ask").end());
    auto const said = packed("gzip", std::string(large, '\0'));
    std::size_t const before = held_memory();
    peer.send(response(1).field("grpc-encoding", "gzip")).send(data(1).message(said, 1)).send(trailers(1));
    d.settle();
    REQUIRE(ended);
    CHECK(ended->ok());
    CHECK(size == large);
    CHECK(held_memory() < before + small);
    go.set();
    d.settle();
  }
}

namespace {

/// Sockets, as what the pipes of other dialogues need they ask operator new for; and nobody is told, who would keep it.
std::pair<std::unique_ptr<byte_stream>, std::unique_ptr<byte_stream>> connected(boost::asio::io_context& io) {
  std::array<int, 2> fds{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
  return {net::make_socket_stream(io.get_executor(), net::unique_fd{fds[0]}),
          net::make_socket_stream(io.get_executor(), net::unique_fd{fds[1]})};
}
void say_nothing(log_level, std::string_view) {}

struct poor {
  void settle() {
    do io.restart();
    while (io.poll() != 0);
  }
  void pass_without_memory(duration time, std::size_t times = no_memory::always) {
    {
      no_memory const now{times};
      clock.advance(time);
    }
    settle();
    CHECK(no_memory::failed() != 0);
  }
  boost::asio::io_context io;
  manual_clock clock{io.get_executor()};
};

struct poor_server : poor {
  poor_server() {
    served.add(handlers);
    handlers.unary = [this](text request) -> task<text> {
      co_await never.wait();
      co_return request;
    };
  }
  scripted_peer connect() {
    auto [ours, theirs] = connected(io);
    served.serve(std::move(ours));
    return scripted_peer{io, std::move(theirs)};
  }
  event never;
  text_service handlers;
  server served{io.get_executor(), {.log = say_nothing}};
};

struct poor_client : poor {
  explicit poor_client(channel_options options = {})
      : through{io.get_executor(),
                [this] {
                  auto [ours, theirs] = connected(io);
                  server_end = std::move(theirs);
                  return std::move(ours);
                },
                silent(std::move(options))} {}
  static channel_options silent(channel_options options) {
    options.log = say_nothing;
    return options;
  }
  scripted_peer ask(call_options options, outcome& out) {
    spawn(io, run_unary(through, text{"ask"}, std::move(options), out), detached);
    settle();
    return scripted_peer{io, std::move(server_end)};
  }
  std::unique_ptr<byte_stream> server_end;
  channel through;
};

}  // namespace

TEST_CASE("a deadline that passes without memory ends its call on both sides") {
  SECTION("server") {
    poor_server d;
    auto peer = d.connect();
    peer.begin_as_client();
    peer.send(unary_request(1).field("grpc-timeout", "1S")).send(data(1).message("x").end()).settle();
    REQUIRE(d.served.active_calls() == 1);
    d.pass_without_memory(1s + tick);
    peer.settle();
    d.settle();
    CHECK(d.served.active_calls() == 0);
  }
  SECTION("server, of a request that is not gRPC") {
    poor_server d;
    auto peer = d.connect();
    peer.begin_as_client();
    peer.send(headers(1).method("GET").field(":scheme", "http").path("/").field(":authority", "x")).settle();
    REQUIRE(d.served.active_calls() == 1);
    d.pass_without_memory(1s + tick);
    peer.settle();
    d.settle();
    CHECK(d.served.active_calls() == 0);
  }
  SECTION("client") {
    outcome out;
    poor_client d;
    auto peer = d.ask(call_options{}.timeout(1s), out);
    peer.begin_as_server().expect(headers(1));
    d.pass_without_memory(1s + tick, 1);
    CHECK(out.ended_with() == code::deadline_exceeded);
  }
}

TEST_CASE("a connection's timer that finds no memory for its words ends the connection") {
  SECTION("no SETTINGS of a server's") {
    outcome out;
    poor_client d{{.connect_timeout = 5s}};
    auto peer = d.ask({}, out);
    d.pass_without_memory(5s + tick, 1);
    CHECK(out.ended_with() == code::unavailable);
  }
  SECTION("no preface of a client's") {
    poor_server d;
    auto peer = d.connect();
    d.settle();
    REQUIRE(d.served.connections() == 1);
    d.pass_without_memory(20s + tick);
    CHECK(d.served.connections() == 0);
  }
  SECTION("a keepalive ping that is not answered") {
    outcome out;
    poor_client d{{.keepalive = {.time = 1min, .timeout = 20s}}};
    auto peer = d.ask({}, out);
    peer.begin_as_server().expect(headers(1));
    d.clock.advance(1min + tick);
    d.settle();
    d.pass_without_memory(20s + tick, 1);
    CHECK(out.ended_with() == code::unavailable);
  }
}

#endif
