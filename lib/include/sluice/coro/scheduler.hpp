// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>
#include <sluice/coro/clock.hpp>
#include <sluice/coro/intrusive_list.hpp>
#include <sluice/coro/timer_wheel.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace sluice {
class buffer;
}

namespace sluice::coro {

class context;

/// Something to run in the current turn: usually a coroutine that became ready.
class ready_node : public list_hook<struct ready_nodes> {
 public:
  using list_tag = ready_nodes;

  virtual void run() noexcept = 0;

 protected:
  ready_node() = default;
  ~ready_node() = default;
};

/// What runs once at the end of a turn: a connection that has bytes to send.
class turn_hook : public list_hook<struct turn_hooks> {
 public:
  using list_tag = turn_hooks;

  virtual void turn_ended() noexcept = 0;

 protected:
  turn_hook() = default;
  ~turn_hook() = default;
};

/// The top of a tree of coroutines. When the executor's context goes away, its scheduler drops what never ended.
class root : public list_hook<struct roots> {
 public:
  using list_tag = roots;

  virtual void abandon() noexcept = 0;

 protected:
  root() = default;
  ~root() = default;
};

/// Decides in a simulation what is otherwise left to order and chance (testing::world). Production has none: the ready
/// run in the order in which they became ready, and seeds come from the system.
class director {
 public:
  /// Asked before each resumption: how many of the first to send behind all the others. It may make others ready.
  [[nodiscard]] virtual std::size_t postponed() noexcept = 0;
  [[nodiscard]] virtual std::uint32_t random_seed() noexcept = 0;

 protected:
  director() = default;
  ~director() = default;
};

/// Runs the coroutines of one executor (an io_context that one thread runs, or a strand), a turn at a time:
///
///   something completes -> its effects; coroutines that become ready are queued, not resumed in place
///                       -> the queue is run until it is empty (or long: then the rest gets a turn of its own)
///                       -> hooks: every connection that has something to send sends it, once
///                       -> the one system timer is set when an earlier deadline came up
///
/// So protocol code never runs a user's coroutine from inside itself, and what one turn produced leaves in one send.
///
/// Concurrency: everything but `post_remote` on the scheduler's executor.
/// Lifetime: shared by whoever runs on it (scheduler_of in coro/asio.hpp finds it by its executor).
class scheduler : public std::enable_shared_from_this<scheduler> {
 public:
  scheduler(scheduler const&) = delete;
  scheduler& operator=(scheduler const&) = delete;
  virtual ~scheduler();

  /// The scheduler whose turn this thread is in, or null.
  [[nodiscard]] static scheduler* current() noexcept;
  [[nodiscard]] bool is_current() const noexcept { return current() == this; }

  /// Runs `node` in this turn, or in a turn that is posted when there is none.
  void ready(ready_node& node) noexcept;
  /// Runs `hook` at the end of this turn, or of the posted one. Once for any number of calls.
  void at_turn_end(turn_hook& hook) noexcept;
  /// Runs `node` in a turn of this scheduler; the one call that any thread may make.
  virtual void post_remote(ready_node& node) = 0;

  /// The entry from the executor: `effects()`, then the rest of the turn. Inside a turn: only `effects()`.
  template <class Effects>
  void turn(Effects&& effects) {
    turn_scope const scope{*this};
    std::forward<Effects>(effects)();
  }

  /// The time, read once a turn.
  [[nodiscard]] time_point now() noexcept {
    if (!now_is_fresh_) refresh_now();
    return now_;
  }
  [[nodiscard]] timer_wheel& timers() noexcept { return timers_; }
  void start_timer(timer& node, time_point at) noexcept;

  /// For tests: null is the real clock again. Timers keep the points in time that they were given.
  void use_clock(clock_source const* clock) noexcept;
  /// The clock that was set has moved: fire what is due, in a turn.
  void clock_moved() noexcept;

  /// For simulation: null is order and chance again.
  void use_director(director* decides) noexcept { director_ = decides; }
  /// What a random sequence of something that runs here (a back-off's jitter) begins with.
  [[nodiscard]] std::uint32_t random_seed();

  /// Memory that everything on this scheduler shares within one step: `count` bytes to read into, and a slab to gather
  /// what is sent. Nothing in them survives the step.
  [[nodiscard]] std::span<std::byte> scratch(std::size_t count);
  [[nodiscard]] buffer& slab() noexcept;

  void adopt(root& tree) noexcept { roots_.push_back(tree); }
  /// shut_down has begun: nothing is resumed any more, and what is adopted now is not dropped.
  [[nodiscard]] bool is_over() const noexcept { return over_; }
  /// Drops every tree. The context of the executor is going away.
  void shut_down() noexcept;

  /// Counts since construction, for tests and the bench.
  struct counters {
    std::uint64_t turns = 0;
    std::uint64_t resumed = 0;
  };
  [[nodiscard]] counters const& counted() const noexcept { return counters_; }

 protected:
  scheduler();
  /// Posts `run_posted_turn` to the executor.
  virtual void post_turn() noexcept = 0;
  /// Arranges `timer_fired` at `at`, instead of what was armed before.
  virtual void arm(time_point at) noexcept = 0;

  void run_posted_turn() noexcept;
  void timer_fired() noexcept;

 private:
  class turn_scope {
   public:
    explicit turn_scope(scheduler& self) noexcept;
    ~turn_scope();
    turn_scope(turn_scope const&) = delete;
    turn_scope& operator=(turn_scope const&) = delete;

   private:
    scheduler& self_;
    scheduler* previous_;
    context* previous_context_;
    bool outermost_;
  };

  void refresh_now() noexcept;
  void drain() noexcept;
  void drain_as_directed() noexcept;
  void end_turn() noexcept;
  void request_turn() noexcept;
  void set_system_timer() noexcept;

  intrusive_list<ready_node> ready_;
  intrusive_list<turn_hook> hooks_;
  intrusive_list<root> roots_;
  clock_source const* clock_ = nullptr;
  director* director_ = nullptr;
  time_point now_;
  time_point armed_ = time_point::max();
  timer_wheel timers_;
  counters counters_;
  struct step_memory;
  std::unique_ptr<step_memory> memory_;
  bool now_is_fresh_ = false;
  bool in_turn_ = false;
  bool turn_posted_ = false;
  bool over_ = false;
};

/// The context of the coroutine that this thread is running, or null. For entry points that are not awaited.
[[nodiscard]] context* current_context() noexcept;
void set_current_context(context* value) noexcept;

}  // namespace sluice::coro
