// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "unit/net/allocation_count.hpp"

#include <cstddef>

namespace sluice::test {

/// Bytes that this program holds by operator new. Only where SLUICE_COUNTS_ALLOCATIONS.
[[nodiscard]] std::size_t held_memory() noexcept;

/// While it lives there is no memory, for so many times. Only where SLUICE_COUNTS_ALLOCATIONS.
struct no_memory {
  static constexpr std::size_t always = static_cast<std::size_t>(-1);
  explicit no_memory(std::size_t times = always) noexcept;
  no_memory(no_memory const&) = delete;
  no_memory& operator=(no_memory const&) = delete;
  ~no_memory();
  /// Allocations that failed.
  [[nodiscard]] static std::size_t failed() noexcept;
};

}  // namespace sluice::test
