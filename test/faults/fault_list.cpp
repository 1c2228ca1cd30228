// SPDX-License-Identifier: Apache-2.0
#include "fault.hpp"

#include <sluice/testing/manual_clock.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <csignal>
#include <vector>

namespace faults {
namespace {

using namespace std::chrono_literals;
using sluice::code;
using sluice::task;
using greeting = chaos_proxy::greeting;

// Short, and yet long enough for a busy machine to have sent what has to be sent before.
constexpr auto short_timeout = 2500ms;
constexpr std::size_t half_a_header_frame = 4;
// Frame head, prefix, two fields of 100 bytes in all: the DATA frame of one answer.
constexpr std::size_t answer_frame = 9 + 5 + 104;

void greet_as_before(world& on) { on.proxy.greet_with(greeting::forward); }
void release(world& on) { on.service.release(); }
void release_whole(world& on) {
  on.proxy.down().reset_after.reset();
  on.service.release();
}

// ---- before the first call -------------------------------------------------------------------------------------------

task<void> refuse(world& on) {
  on.proxy.refuse();
  co_return;
}
task<void> reset_at_once(world& on) {
  on.proxy.greet_with(greeting::reset);
  co_return;
}
task<void> reset_after_preface(world& on) {
  on.proxy.up().reset_after = 24;
  co_return;
}
task<void> stay_silent(world& on) {
  on.proxy.greet_with(greeting::silence);
  co_return;
}
void speak_again(world& on) {
  on.proxy.greet_with(greeting::forward);
  on.proxy.reset();
}
task<void> be_late(world& on) {
  on.proxy.up().delay = on.proxy.down().delay = 50ms;
  co_return;
}
task<void> drip(world& on) {
  on.proxy.up().piece = on.proxy.down().piece = 32;
  on.proxy.up().pause = on.proxy.down().pause = 1ms;
  co_return;
}
task<void> narrow(world& on) {
  on.proxy.up().piece = on.proxy.down().piece = 4096;
  on.proxy.up().pause = on.proxy.down().pause = 8ms;
  co_return;
}
task<void> cut_small(world& on) {
  on.proxy.up().piece = on.proxy.down().piece = 536;
  co_return;
}
task<void> fail_names(world& on) {
  on.names.answer_with(name_server::answer::failure);
  co_return;
}
void use_names(world& on) {
  on.target = "dns://127.0.0.1:" + std::to_string(on.names.port()) +
              "/faults.test:" + std::to_string(on.proxy.port());
}
void answer_names(world& on) { on.names.answer_with(name_server::answer::address); }
task<void> starve(world& on) {
  on.process->starve();
  co_return;
}
void feed(world& on) { on.process->feed(); }

std::string dead_address(world& on) {
  on.deaf.push_back(reserve(on.executor()));
  return "127.0.0.1:" + std::to_string(on.deaf.back().local_endpoint().port());
}
void lead_past_one(world& on) {
  on.target = "ipv4:" + dead_address(on) + ",127.0.0.1:" + std::to_string(on.proxy.port());
}
void lead_past_two(world& on) {
  on.target =
      "ipv4:" + dead_address(on) + "," + dead_address(on) + ",127.0.0.1:" + std::to_string(on.proxy.port());
}
task<void> nothing(world&) { co_return; }

// ---- while calls are under way ---------------------------------------------------------------------------------------

task<void> reset(world& on) {
  on.proxy.reset();
  co_return;
}
task<void> reset_in_headers(world& on) {
  on.proxy.down().reset_after = half_a_header_frame;
  on.service.headers.set();
  co_return;
}
task<void> reset_in_data(world& on) {
  on.service.headers.set();
  co_await on.settled();
  on.proxy.down().reset_after = answer_frame / 2;
  on.service.message.set();
}
task<void> reset_before_trailers(world& on) {
  on.service.headers.set();
  co_await on.settled();
  on.proxy.down().reset_after = answer_frame + half_a_header_frame;
  on.service.release();
}
task<void> finish_calls(world& on) {
  on.service.release();
  co_return;
}
void reset_idle(world& on) { on.proxy.reset(); }

task<void> stall(world& on) {
  on.proxy.down().stalled = on.proxy.up().stalled = true;
  on.service.release();
  co_return;
}
void go_on(world& on) {
  on.service.release();
  on.proxy.down().stalled = on.proxy.up().stalled = false;
  on.proxy.changed();
}
task<void> half_close_down(world& on) {
  on.proxy.end_down();
  co_return;
}
task<void> half_close_up(world& on) {
  on.proxy.end_up();
  co_return;
}
task<void> corrupt(world& on) {
  on.proxy.down().corrupt_after = 3;  // a frame's type; in a record of TLS, its length
  on.service.release();
  co_return;
}
task<void> leave_gracefully(world& on) {
  on.server->stop(10s);
  co_await on.settled();
  on.service.release();
}
task<void> leave_at_once(world& on) {
  on.server->stop(0s);
  co_return;
}
void serve_anew(world& on) {
  on.service.release();
  on.start_server();
}
task<void> refuse_streams(world& on) {
  on.refusing =
      std::make_unique<refusing_server>(on.executor(), on.secured != nullptr ? &*on.tls : nullptr, on.calls);
  on.proxy.lead_to(on.refusing->port());
  co_return;
}
task<void> rotate(world& on) {
  on.tls->reload(on.secured->rotated());
  on.service.release();
  co_return;
}
task<void> lose_trust(world& on) {
  on.tls->reload(on.secured->untrusted());
  co_return;
}
void regain_trust(world& on) { on.tls->reload(on.secured->serving()); }
void ping_often(world& on) { on.options.keepalive = {.time = 10s, .timeout = 700ms}; }
void connect_anew(world& on) {
  go_on(on);
  on.proxy.reset();
}
task<void> kill_server(world& on) {
  on.process->kill();
  co_return;
}
task<void> stop_server(world& on) {
  on.process->signal(SIGSTOP);
  co_return;
}
void continue_server(world& on) { on.process->signal(SIGCONT); }
task<void> restart_server(world& on) {
  on.process->signal(SIGTERM);
  co_return;
}
void start_again(world& on) { on.start_child(); }
task<void> jump(world& on) {
  sluice::testing::manual_clock clock{on.executor()};
  clock.advance(1h);
  co_return;
}

constexpr auto ok = all(code::ok);
constexpr auto unavailable = all(code::unavailable);
constexpr auto late = all(code::deadline_exceeded);

std::vector<fault> make_list() {
  return {
      {.name = "refused",
       .what = "nobody listens",
       .expected = unavailable,
       .strike = refuse,
       .mend = [](world& on) { on.proxy.listen(); },
       .before = true},
      {.name = "silence",
       .what = "the connection is accepted, and nothing comes",
       .expected = late,
       .strike = stay_silent,
       .mend = speak_again,
       .before = true,
       .timeout = short_timeout},
      {.name = "reset before the preface",
       .what = "a reset as soon as the connection is there",
       .expected = unavailable,
       .strike = reset_at_once,
       .mend = greet_as_before,
       .before = true},
      {.name = "reset after the preface",
       .what = "a reset behind the client's first 24 bytes",
       .expected = unavailable,
       .strike = reset_after_preface,
       .mend = [](world& on) { on.proxy.up().reset_after.reset(); },
       .before = true},
      {.name = "reset",
       .what = "a reset while the server works",
       .expected = unavailable,
       .strike = reset,
       .mend = release},
      {.name = "reset in HEADERS",
       .what = "a reset amid the first response's headers",
       .expected = unavailable,
       .strike = reset_in_headers,
       .mend = release_whole},
      {.name = "reset in DATA",
       .what = "a reset amid the first response's message",
       .expected = unavailable,
       .strike = reset_in_data,
       .mend = release_whole},
      {.name = "reset before the trailers",
       .what = "a reset behind the first response's message",
       .expected = unavailable,
       .strike = reset_before_trailers,
       .mend = release_whole},
      {.name = "reset after the trailers",
       .what = "a reset when all calls have ended",
       .expected = ok,
       .strike = finish_calls,
       .mend = reset_idle},
      {.name = "stall",
       .what = "the network passes nothing on, for a while",
       .expected = late,
       .strike = stall,
       .mend = go_on,
       .timeout = short_timeout},
      {.name = "blackhole",
       .what = "the network passes nothing on any more; the channel sends keepalive PINGs",
       .expected = unavailable,
       .strike = stall,
       .mend = connect_anew,
       .prepare = ping_often,
       .bound = 15'000ms},
      {.name = "delay",
       .what = "50 ms each way",
       .expected = ok,
       .strike = be_late,
       .before = true,
       .bound = 15s},
      {.name = "drip",
       .what = "32 bytes each millisecond",
       .expected = ok,
       .strike = drip,
       .before = true,
       .timeout = 60s,
       .bound = 30s,
       .size = 10},
      {.name = "bandwidth",
       .what = "4 KiB each 8 ms, messages of 2 KiB",
       .expected = ok,
       .strike = narrow,
       .before = true,
       .bound = 15s,
       .size = 2048},
      {.name = "MTU 576",
       .what = "segments of 536 bytes",
       .expected = ok,
       .strike = cut_small,
       .before = true,
       .bound = 15s,
       .size = 2048},
      {.name = "half-close by the server's side",
       .what = "the end of the stream comes to the client",
       .expected = unavailable,
       .strike = half_close_down,
       .mend = release},
      {.name = "half-close by the client's side",
       .what = "the end of the stream comes to the server",
       .expected = unavailable,
       .strike = half_close_up,
       .mend = release},
      {.name = "corruption",
       .what = "one byte of the responses is changed",
       .expected = unavailable,
       .strike = corrupt,
       .mend = release},
      {.name = "GOAWAY, graceful",
       .what = "the server drains, and lets calls end",
       .expected = ok,
       .strike = leave_gracefully,
       .mend = serve_anew},
      {.name = "GOAWAY, immediate",
       .what = "the server stops, without grace",
       .expected = unavailable,
       .strike = leave_at_once,
       .mend = serve_anew},
      {.name = "GOAWAY, last stream 0",
       .what = "the server takes none of the calls that it has got",
       .expected = unavailable,
       .strike = refuse_streams,
       .mend = serve_anew,
       .before = true},
      {.name = "SIGKILL",
       .what = "the server's process is killed; later another one is started",
       .expected = unavailable,
       .strike = kill_server,
       .mend = start_again,
       .in_child = true},
      {.name = "SIGSTOP",
       .what = "the server's process is halted; later it goes on",
       .expected = late,
       .strike = stop_server,
       .mend = continue_server,
       .in_child = true,
       .timeout = short_timeout},
      {.name = "restart",
       .what = "the server gets SIGTERM, and 200 ms of grace; then another one is started",
       .expected = unavailable,
       .strike = restart_server,
       .mend = start_again,
       .in_child = true},
      {.name = "DNS failure",
       .what = "the name server answers SERVFAIL",
       .expected = unavailable,
       .strike = fail_names,
       .mend = answer_names,
       .prepare = use_names,
       .before = true},
      {.name = "clock jump",
       .what = "an hour passes at once, and then has not",
       .expected = late,
       .strike = jump,
       .mend = release},
      {.name = "descriptor limit",
       .what = "the server can open no descriptor",
       .expected = late,
       .strike = starve,
       .mend = feed,
       .before = true,
       .in_child = true,
       .timeout = short_timeout},
      {.name = "certificate rotation",
       .what = "the server gets another certificate while calls are under way",
       .expected = ok,
       .strike = rotate,
       .mend = reset_idle,
       .of_tls = true},
      {.name = "certificate of a stranger",
       .what = "the server has one that nobody trusts, then a good one",
       .expected = unavailable,
       .strike = lose_trust,
       .mend = regain_trust,
       .before = true,
       .of_tls = true},
      {.name = "two endpoints of three down",
       .what = "the third one serves",
       .expected = ok,
       .strike = nothing,
       .prepare = lead_past_two,
       .before = true},
      {.name = "all endpoints down",
       .what = "none of two answers; later one does",
       .expected = unavailable,
       .strike = refuse,
       .mend = [](world& on) { on.proxy.listen(); },
       .prepare = lead_past_one,
       .before = true},
  };
}

}  // namespace

std::span<fault const> all_faults() {
  static std::vector<fault> const list = make_list();
  return list;
}

}  // namespace faults
