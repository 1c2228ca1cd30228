// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace bench {

// Counts of durations in nanoseconds, in buckets whose width is at most 1/64 of what they hold: linear within a
// power of two, as HdrHistogram has it. Recording is an addition; nothing is allocated.
class histogram {
 public:
  void record(std::uint64_t nanoseconds) {
    ++counts_[bucket_of(nanoseconds)];
    ++total_;
    largest_ = std::max(largest_, nanoseconds);
  }
  std::uint64_t total() const { return total_; }
  double largest_us() const { return static_cast<double>(largest_) / 1e3; }

  // The highest value of the bucket that holds the nearest rank; 0 when nothing was recorded.
  double at_us(double quantile) const {
    auto const exact = quantile * static_cast<double>(total_);
    auto const rank = std::max<std::uint64_t>(static_cast<std::uint64_t>(exact + 0.999999), 1);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen >= rank) return static_cast<double>(std::min(highest_of(i), largest_)) / 1e3;
    }
    return 0;
  }

 private:
  static constexpr unsigned bits = 6;
  static constexpr std::uint64_t linear = 1u << bits;  // below, each value has a bucket of its own

  static std::size_t bucket_of(std::uint64_t value) {
    if (value < linear) return value;
    auto const shift = static_cast<unsigned>(std::bit_width(value)) - bits - 1;
    return (shift + 1) * linear + ((value >> shift) - linear);
  }
  static std::uint64_t highest_of(std::size_t bucket) {
    if (bucket < linear) return bucket;
    auto const shift = bucket / linear - 1;
    return ((bucket % linear + linear + 1) << shift) - 1;
  }

  std::array<std::uint64_t, (64 - bits + 1) * linear> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t largest_ = 0;
};

}  // namespace bench
