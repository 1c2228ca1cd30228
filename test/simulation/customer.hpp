// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "letters.hpp"
#include "post.sluice.hpp"

#include <sluice/sluice.hpp>
#include <sluice/testing/world.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace simulated {

enum class kind : std::uint8_t { send, collect, deliver, correspond };

/// How the client treats its own call.
enum class mischief : std::uint8_t {
  none,
  cancel,    ///< call.cancel() after `after`
  leave,     ///< the call is destroyed after `leave_at` answers
  at_risk,   ///< stopped by the world at any turn
  withdraw,  ///< stopped by its scope after `after`
};

/// A call, decided before it begins.
struct call_plan {
  std::uint64_t number = 0;
  simulated::kind kind = kind::send;
  simulated::mischief mischief = mischief::none;
  Plan asked;
  std::uint32_t requests = 1;
  std::size_t request_size = 0;
  std::chrono::milliseconds start{0};
  std::chrono::milliseconds client_pause{0};
  std::chrono::milliseconds after{0};
  std::uint32_t leave_at = 0;
  std::optional<std::chrono::milliseconds> timeout;
  bool wait_for_ready = false;
  bool by_generator = false;  // the requests of a stream: by a generator, or by write
  bool detached_reader = false;
};

/// What else a call may end with than what was planned.
struct allowances {
  bool unavailable = false;  // servers go, connections break
  bool resets = false;       // somebody resets streams
  bool stops = false;        // handlers are stopped
};

/// The clients of a seed.
class customer {
 public:
  customer(sluice::testing::world& in, findings& found, allowances allowed) noexcept
      : world_{in}, found_{found}, allowed_{allowed} {}

  /// Makes the call and checks everything that can be known about it. Fails only with a stop.
  [[nodiscard]] sluice::task<void> make(sluice::channel& on, call_plan plan);
  /// When nothing is left to do before time passes: no call lives beyond its deadline.
  void check_deadlines(sluice::time_point now);

  [[nodiscard]] std::size_t running() const noexcept { return live_.size(); }
  [[nodiscard]] std::map<sluice::code, std::size_t> const& outcomes() const noexcept { return outcomes_; }

 private:
  struct attempt;  // a call under way
  [[nodiscard]] sluice::task<void> send(sluice::channel& on, attempt& call);
  [[nodiscard]] sluice::task<void> collect(sluice::channel& on, attempt& call);
  [[nodiscard]] sluice::task<void> deliver(sluice::channel& on, attempt& call);
  [[nodiscard]] sluice::task<void> correspond(sluice::channel& on, attempt& call);
  [[nodiscard]] sluice::task<void> run(sluice::channel& on, attempt& call);
  void judge(attempt const& call);
  [[nodiscard]] bool may_end_with(call_plan const& plan, sluice::code how) const;

  sluice::testing::world& world_;
  findings& found_;
  allowances allowed_;
  std::map<std::uint64_t, attempt*> live_;
  std::map<sluice::code, std::size_t> outcomes_;
};

}  // namespace simulated
