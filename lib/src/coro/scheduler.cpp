// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/buffer.hpp>
#include <sluice/coro/context.hpp>
#include <sluice/coro/scheduler.hpp>

#include <chrono>
#include <random>

namespace sluice::coro {
namespace {

thread_local scheduler* running = nullptr;
thread_local context* running_context = nullptr;

// A turn that resumes more than this lets the executor serve others before it goes on.
constexpr int resumptions_a_turn = 10'000;
// An armed timer keeps io_context::run from returning, so it does not stay far out for timers that were cancelled.
constexpr auto idle_horizon = std::chrono::milliseconds{20};

time_point real_now() noexcept { return std::chrono::steady_clock::now(); }

}  // namespace

context* current_context() noexcept { return running_context; }
void set_current_context(context* value) noexcept { running_context = value; }

struct scheduler::step_memory {
  buffer scratch;
  buffer slab;
};

scheduler::scheduler() : now_{real_now()}, timers_{now_}, memory_{std::make_unique<step_memory>()} {}
scheduler::~scheduler() = default;

scheduler* scheduler::current() noexcept { return running; }

void scheduler::ready(ready_node& node) noexcept {
  ready_.push_back(node);
  if (!in_turn_) request_turn();
}

void scheduler::at_turn_end(turn_hook& hook) noexcept {
  if (hook.linked()) return;
  hooks_.push_back(hook);
  if (!in_turn_) request_turn();
}

std::span<std::byte> scheduler::scratch(std::size_t count) {
  memory_->scratch.clear();
  return memory_->scratch.prepare(count);
}
buffer& scheduler::slab() noexcept { return memory_->slab; }

void scheduler::start_timer(timer& node, time_point at) noexcept {
  timers_.add(node, at);
  if (!in_turn_) request_turn();  // the turn's end arms the system timer
}

void scheduler::request_turn() noexcept {
  if (turn_posted_) return;
  turn_posted_ = true;
  post_turn();
}

void scheduler::run_posted_turn() noexcept {
  turn_posted_ = false;
  turn([] {});
}

void scheduler::timer_fired() noexcept {
  armed_ = time_point::max();
  turn([this] { timers_.advance(now()); });
}

void scheduler::use_clock(clock_source const* clock) noexcept {
  clock_ = clock;
  now_is_fresh_ = false;
  // Ticks count from the new clock's present: it may be behind the old one, and what it waits for fires on the dot.
  timers_.restart(now());
  clock_moved();
}

void scheduler::clock_moved() noexcept {
  now_is_fresh_ = false;
  turn([this] { timers_.advance(now()); });
}

void scheduler::refresh_now() noexcept {
  now_ = clock_ != nullptr ? clock_->now() : real_now();
  now_is_fresh_ = in_turn_;  // outside a turn nothing says when it goes stale
}

scheduler::turn_scope::turn_scope(scheduler& self) noexcept
    : self_{self}, previous_{running}, previous_context_{running_context}, outermost_{!self.in_turn_} {
  if (!outermost_) return;
  running = &self;
  running_context = nullptr;
  self_.in_turn_ = true;
  self_.now_is_fresh_ = false;
  ++self_.counters_.turns;
}

scheduler::turn_scope::~turn_scope() {
  if (!outermost_) return;
  self_.end_turn();
  self_.in_turn_ = false;
  self_.now_is_fresh_ = false;
  running = previous_;
  running_context = previous_context_;
}

void scheduler::end_turn() noexcept {
  drain();
  while (!hooks_.empty()) {
    // Hooks that are added by a hook belong to this turn too, and what they make ready as well.
    hooks_.pop_front().turn_ended();
    if (hooks_.empty() && !ready_.empty() && !turn_posted_) drain();
  }
  set_system_timer();
}

void scheduler::drain() noexcept {
  if (director_ != nullptr) [[unlikely]]
    return drain_as_directed();
  for (int i = 0; i != resumptions_a_turn; ++i) {
    if (ready_.empty()) return;
    ++counters_.resumed;
    ready_.pop_front().run();
  }
  if (!ready_.empty()) request_turn();
}

void scheduler::drain_as_directed() noexcept {
  for (int i = 0; i != resumptions_a_turn && director_ != nullptr; ++i) {
    if (ready_.empty()) return;
    for (auto behind = director_->postponed(); behind != 0; --behind) ready_.push_back(ready_.pop_front());
    ++counters_.resumed;
    ready_.pop_front().run();
  }
  if (!ready_.empty()) request_turn();
}

std::uint32_t scheduler::random_seed() {
  return director_ != nullptr ? director_->random_seed() : std::random_device{}();
}

void scheduler::set_system_timer() noexcept {
  if (clock_ != nullptr) return;  // a manual clock fires by clock_moved
  time_point wanted = time_point::max();
  if (auto const next = timers_.next_expiry()) {
    wanted = *next;
  } else if (armed_ == time_point::max()) {
    return;
  } else {
    wanted = now() + idle_horizon;  // nothing left: come back soon, to let go of the executor
  }
  if (wanted >= armed_) return;
  armed_ = wanted;
  arm(wanted);
}

void scheduler::shut_down() noexcept {
  over_ = true;
  // Nothing that is queued may run any more; dropping a tree may queue and unqueue others.
  while (!ready_.empty()) ready_.pop_front();
  while (!hooks_.empty()) hooks_.pop_front();
  turn_posted_ = in_turn_ = true;  // nothing is posted to a context that goes away
  while (!roots_.empty()) roots_.pop_front().abandon();
  while (!ready_.empty()) ready_.pop_front();
  while (!hooks_.empty()) hooks_.pop_front();
}

}  // namespace sluice::coro
