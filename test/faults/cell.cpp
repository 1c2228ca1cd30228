// SPDX-License-Identifier: Apache-2.0
#include "cell.hpp"

#include <memory>
#include <utility>

namespace faults {
namespace {

using namespace std::chrono_literals;
using sluice::code;
using sluice::status;
using sluice::task;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr auto recovery_limit = 10s;

milliseconds since(steady_clock::time_point began) {
  return std::chrono::duration_cast<milliseconds>(steady_clock::now() - began);
}

/// The cell, under way.
struct stage {
  cell of;
  world on;
  cell_result found;
  status last;

  void complain(std::string text) {
    if (found.wrong.empty()) found.wrong = std::move(text);
  }
  [[nodiscard]] call_plan plan() const {
    return {.which = of.which, .hold = !of.what->before, .size = of.what->size, .timeout = of.what->timeout};
  }
};

task<void> note_call(stage& in) {
  status const how = co_await call_once(*in.on.channel, in.plan());
  ++in.found.codes[how.code()];
  in.last = how;
}

task<void> set_up(stage& in) {
  auto const& what = *in.of.what;
  in.on.calls = in.of.calls;
  if (what.in_child) in.on.start_child();
  else in.on.start_server();
  what.prepare(in.on);
  in.on.make_channel();
  if (what.before) co_return co_await what.strike(in.on);
  status const first = co_await call_once(*in.on.channel, {.which = in.of.which});
  if (!first.ok()) in.complain("the call before the fault: " + first.to_string());
}

task<void> suffer(stage& in) {
  auto const& what = *in.of.what;
  auto began = steady_clock::now();
  sluice::scope calls;
  for (std::size_t i = 0; i != in.of.calls; ++i) calls.spawn(note_call(in));
  if (!what.before) {
    if (!co_await in.on.held(in.of.calls)) in.complain("not every call comes to the server");
    began = steady_clock::now();
    co_await what.strike(in.on);
  }
  co_await calls.join();
  in.found.ended_after = since(began);
  if (in.found.ended_after > what.bound)
    in.complain("took " + std::to_string(in.found.ended_after.count()) + " ms");
}

void check(stage& in) {
  auto const wanted = in.of.what->expected[static_cast<std::size_t>(in.of.which)];
  if (in.found.codes.size() != 1 || !in.found.codes.contains(wanted))
    in.complain("a call ended with " + in.last.to_string() + ", not with " + std::string{to_string(wanted)});
}

task<void> recover(stage& in) {
  auto const began = steady_clock::now();
  in.of.what->mend(in.on);
  // What the fault broke may be found out only now: then the first call tells, and the next one succeeds.
  status how;
  do {
    how = co_await call_once(*in.on.channel,
                             {.which = in.of.which, .wait_for_ready = true, .timeout = recovery_limit});
  } while (how.code() == code::unavailable && since(began) < recovery_limit);
  in.found.recovered_after = since(began);
  if (!how.ok()) in.complain("the call after the fault: " + how.to_string());
}

}  // namespace

task<cell_result> play(cell of, asio::any_io_executor executor, command serve) {
  auto const held =
      std::unique_ptr<stage>{new stage{of, world{std::move(executor), std::move(serve), of.secured}, {}, {}}};
  stage& in = *held;
  co_await set_up(in);
  co_await suffer(in);
  check(in);
  co_await recover(in);
  in.on.service.release();
  co_await in.on.channel->shutdown(1s);
  if (in.on.server) co_await in.on.server->shutdown(1s);
  co_return std::move(in.found);
}

}  // namespace faults
