// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>

namespace sluice::testing {

/// Random numbers of which each is decided by the seed, on every machine and with every compiler.
class random_numbers {
 public:
  explicit random_numbers(std::uint64_t seed) : engine_{seed} {}

  [[nodiscard]] std::uint64_t next() { return engine_(); }
  /// 0 .. count - 1; 0 when count is 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t count) { return count == 0 ? 0 : engine_() % count; }
  /// lowest .. highest, both included.
  [[nodiscard]] std::uint64_t between(std::uint64_t lowest, std::uint64_t highest) {
    return lowest + below(highest - lowest + 1);
  }
  /// True with this probability. A probability of zero or less takes no number.
  [[nodiscard]] bool chance(double probability) {
    return probability > 0 && static_cast<double>(engine_() >> 11U) * 0x1p-53 < probability;
  }
  /// As often small as large: the number of bits is drawn first. 0 .. highest.
  [[nodiscard]] std::uint64_t skewed(std::uint64_t highest) {
    unsigned bits = 0;
    while (bits != 63 && highest >> bits != 0) ++bits;
    auto const drawn = between(0, bits);
    auto const value = below(std::uint64_t{1} << drawn);
    return value < highest ? value : highest;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace sluice::testing
