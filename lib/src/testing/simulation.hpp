// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>
#include <sluice/coro/executor.hpp>
#include <sluice/testing/random.hpp>
#include <sluice/testing/world_faults.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::testing {

/// What the parts of a world share: its chances, its clock, its trace.
struct simulation {
  simulation(std::uint64_t seed, asio::any_io_executor where)
      : random{seed}, executor{std::move(where)}, scheduler{coro::scheduler_of(executor)} {}

  /// A line of the trace. `text` makes it, when somebody reads along; `what` and `number` stand for it otherwise.
  template <class Text>
  void record(std::uint64_t what, std::uint64_t number, Text&& text) {
    mix(static_cast<std::uint64_t>((scheduler->now() - began).count()));
    mix(what);
    mix(number);
    if (!told) return;
    auto const ms = std::chrono::duration_cast<std::chrono::milliseconds>(scheduler->now() - began).count();
    told(std::to_string(ms) + " ms  " + text());
  }
  void mix(std::uint64_t value) noexcept {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15U;
    hash ^= hash >> 32U;
  }
  void mix(bytes_view bytes) noexcept {
    std::uint64_t word = 0;
    unsigned filled = 0;
    for (auto const byte : bytes) {
      word = word << 8U | std::to_integer<std::uint64_t>(byte);
      if (++filled % 8 == 0) mix(word);
    }
    mix(word);
  }

  random_numbers random;
  world_faults faults;
  asio::any_io_executor executor;
  std::shared_ptr<coro::scheduler> scheduler;
  time_point began;
  std::uint64_t hash = 0;
  std::function<void(std::string_view)> told;
  std::vector<std::string> violations;
};

}  // namespace sluice::testing
