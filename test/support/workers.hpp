// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

namespace sluice::test {

/// What the cases of all workers came to.
struct tally {
  std::array<std::uint64_t, 24> sums{};
  std::array<std::uint64_t, 4> highs{};
  void add(tally const& other) noexcept;
};

/// Runs the cases `first` ... `first + count - 1` in `jobs` processes, so that one that crashes or hangs is known by its
/// number.
///
/// `run` is called in a worker: it adds to the tally, prints what is wrong, and says whether all was well.
/// Returns those that were not; tells of the progress on standard error if that is a terminal.
[[nodiscard]] std::vector<std::uint64_t> run_cases(std::uint64_t first, std::uint64_t count, unsigned jobs,
                                                   std::function<bool(std::uint64_t, tally&)> const& run,
                                                   tally& sum);

}  // namespace sluice::test
