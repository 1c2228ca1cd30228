// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace simulated {

struct seed_result {
  std::vector<std::string> wrong;
  std::string parameters;  // of the seed, in a line; when something is wrong, or for a trace
  std::uint64_t trace_hash = 0;
  std::size_t calls = 0;
  std::array<std::size_t, 17> outcomes{};  // by status code
  std::size_t peak_memory = 0;          // bytes, above what was there before
};

/// One seed: clients and servers in a world, their calls, and what must hold after each step and at the end.
[[nodiscard]] seed_result run_seed(std::uint64_t seed, bool trace);

}  // namespace simulated
