// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/channel.hpp>
#include <sluice/coro/asio.hpp>
#include <sluice/coro/first_of.hpp>
#include <sluice/server/server.hpp>
#include <sluice/testing/random.hpp>
#include <sluice/testing/world_faults.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace sluice::testing {

/// The world came to a point from which a task does not end; what() says which.
class world_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Servers and channels in one thread, over a network in memory, on a virtual clock, from one seed.
///
///   sluice::testing::world world{seed};
///   sluice::server server{world.executor()};
///   server.add(guide);
///   world.listen(server, "guide");
///   sluice::channel channel{world.executor(), world.connector_to("guide")};
///   world.run(everything_that_matters(channel));
///
/// The same seed, and the same program, give the same run: each chance is drawn from the seed, time passes only when
/// nothing else can happen (then at once, to the next timer), and `trace_hash` of two such runs is the same. What the
/// program itself draws, it draws from `random()`.
///
/// A world knows no sockets: channels have connectors of the world, servers `listen` here. A handler waits with
/// sluice::sleep_for, as everything on the executor's scheduler follows the virtual clock; Asio's own timers do not.
///
/// Concurrency: one thread. Lifetime: outlives the servers and channels in it.
class world {
 public:
  /// Faults drawn from the seed.
  explicit world(std::uint64_t seed);
  /// These faults: world_faults{} for none.
  world(std::uint64_t seed, world_faults faults);
  world(world const&) = delete;
  world& operator=(world const&) = delete;
  ~world();

  [[nodiscard]] boost::asio::any_io_executor executor();
  [[nodiscard]] boost::asio::io_context& io() noexcept;
  [[nodiscard]] random_numbers& random() noexcept;
  [[nodiscard]] world_faults const& faults() const noexcept;
  /// How long the world has lived, in its own time.
  [[nodiscard]] duration elapsed() const noexcept;

  // ---- the network ---------------------------------------------------------------------------------------------------
  /// Connections to `name` lead to `to` from now on; it lives until stop_listening, or another listen of that name.
  void listen(server& to, std::string name);
  /// Connections to `name` are refused from now on. What stands goes on.
  void stop_listening(std::string_view name);
  /// For a channel: connects to whoever listens under `name` then, or fails.
  [[nodiscard]] channel::connector connector_to(std::string name);
  /// The same for one server, which outlives the channel.
  [[nodiscard]] channel::connector connector_to(server& to);
  /// Connections of which an end is open.
  [[nodiscard]] std::size_t open_connections() const noexcept;

  // ---- time and chance -----------------------------------------------------------------------------------------------
  /// Runs until `awaitable`, a task or call, has ended.
  ///
  /// Completes with: its value. Fails with: what it failed with; world_error when nothing is left that could end it, or
  /// when it takes more than five million steps without time passing. A task that has not ended stays with the world.
  template <coro::awaitable A>
  auto run(A awaitable) {
    using value = coro::await_result_of<A>;
    auto const ended = std::make_shared<running>();
    if constexpr (std::is_void_v<value>) {
      spawn(executor(), std::move(awaitable), note_end{ended});
      run_until(*ended);
    } else {
      auto const kept = std::make_shared<std::optional<value>>();
      spawn(executor(), keep(std::move(awaitable), kept), note_end{ended});
      run_until(*ended);
      return std::move(**kept);
    }
  }
  /// Runs everything for so long.
  void run_for(duration time);
  /// Runs until nothing can happen any more, at any time. False: something still would after `limit`.
  [[nodiscard]] bool settle(duration limit = std::chrono::hours{24});

  /// `awaitable` with an enemy: with `faults.stop` it is stopped at some turn, as by the loss of a first_of.
  /// Fails with: CANCELLED then, beside what it fails with itself.
  template <coro::awaitable A>
  auto at_risk(A awaitable) -> task<coro::await_result_of<A>> {
    using value = coro::await_result_of<A>;
    std::optional<coro::group_value<A>> kept;
    if (auto const error = co_await first_of(outlive(std::move(awaitable), kept), doom()))
      std::rethrow_exception(error);
    if constexpr (!std::is_void_v<value>) co_return *std::move(kept);
  }
  /// No more faults from now on; connections that are silent break, settings are taken back.
  void heal();

  // ---- what happened -------------------------------------------------------------------------------------------------
  /// Of everything that happened on the network, of the time, and of what was noted.
  [[nodiscard]] std::uint64_t trace_hash() const noexcept;
  /// Puts a line of the program's own into the trace.
  void note(std::string_view line);
  /// Told of each line of the trace, from now on.
  void on_trace(std::function<void(std::string_view)> told);
  /// Called when nothing is left to do before time passes.
  void at_rest(std::function<void()> told);
  /// What the network found wrong: DATA beyond the receiver's window, window that was not given back.
  [[nodiscard]] std::vector<std::string> const& violations() const noexcept;

 private:
  struct impl;
  struct running {
    bool over = false;
    std::exception_ptr error;
  };
  struct note_end {
    std::shared_ptr<running> to;
    void operator()(std::exception_ptr error) const noexcept {
      to->error = std::move(error);
      to->over = true;
    }
  };
  template <class A, class Value>
  static task<void> keep(A awaitable, std::shared_ptr<std::optional<Value>> in) {
    in->emplace(co_await std::move(awaitable));
  }
  // Both end well, so that the first of them decides.
  template <class A, class Value>
  static task<std::exception_ptr> outlive(A awaitable, std::optional<Value>& kept) {
    try {
      if constexpr (std::is_void_v<coro::await_result_of<A>>) {
        co_await std::move(awaitable);
        kept.emplace();
      } else {
        kept.emplace(co_await std::move(awaitable));
      }
    } catch (...) { co_return std::current_exception(); }
    co_return nullptr;
  }
  task<std::exception_ptr> doom();
  void run_until(running const& what);

  std::unique_ptr<impl> impl_;
};

}  // namespace sluice::testing
