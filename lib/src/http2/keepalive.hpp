// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace sluice::http2 {

struct keepalive_options {
  duration time = duration::max();
  duration timeout = std::chrono::seconds{20};
  bool without_calls = false;
};

/// When to send a PING into a silence, and when the peer is dead (gRFC A8, A9). Whatever is heard from the peer is a sign
/// of life, not only the answer to the PING.
///
///   silent for `time` -> ping -> silent for `timeout` -> dead
///                             -> heard -> (anew)
class keepalive {
 public:
  enum class verdict : std::uint8_t { wait, ping, dead };

  explicit keepalive(keepalive_options const& options) noexcept : options_{options} {}

  [[nodiscard]] bool enabled() const noexcept { return options_.time != duration::max(); }
  /// What is due at `now`; the peer was last heard at `heard`. After `ping` one is on its way.
  [[nodiscard]] verdict check(time_point now, time_point heard, bool calls) noexcept;
  /// When to check again; time_point::max(): not before a call begins.
  [[nodiscard]] time_point next(time_point heard, bool calls) const noexcept;

 private:
  keepalive_options options_;
  std::optional<time_point> pinged_;
};

}  // namespace sluice::http2
