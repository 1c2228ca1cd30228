// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/channel_options.hpp>
#include <sluice/core/deadline.hpp>

#include <algorithm>
#include <cstdint>
#include <random>

namespace sluice::calling {

/// gRPC's connection back-off: exponential with jitter (connection-backoff.md).
class backoff {
 public:
  backoff(channel_options const& options, std::uint32_t seed)
      : initial_{options.backoff_initial}, max_{options.backoff_max}, multiplier_{options.backoff_multiplier},
        jitter_{options.backoff_jitter}, random_{seed} {}

  /// How long to wait after another failure.
  [[nodiscard]] duration next() {
    double const base =
        std::min(std::max(next_, static_cast<double>(initial_.count())), static_cast<double>(max_.count()));
    next_ = base * multiplier_;
    std::uniform_real_distribution<double> spread{-jitter_, jitter_};
    return duration{static_cast<duration::rep>(base * (1.0 + spread(random_)))};
  }
  /// A connection stood: the next failure is a first one.
  void reset() noexcept { next_ = 0; }

 private:
  duration initial_;
  duration max_;
  double multiplier_;
  double jitter_;
  double next_ = 0;
  std::minstd_rand random_;
};

}  // namespace sluice::calling
