// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace simulated {

/// Bytes that are in use through operator new; one thread at a time.
[[nodiscard]] std::size_t memory_in_use() noexcept;
/// The most that was in use since the last `watch_memory`.
[[nodiscard]] std::size_t memory_peak() noexcept;
void watch_memory() noexcept;

}  // namespace simulated
