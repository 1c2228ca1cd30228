// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/block_pool.hpp>

#include <cstddef>

namespace sluice::coro {

[[nodiscard]] inline void* allocate_frame(std::size_t size) { return allocate_block(size); }
inline void deallocate_frame(void* frame, std::size_t size) noexcept { deallocate_block(frame, size); }

/// Base of everything that should come from the pool: coroutine frames, calls, handlers.
struct pooled {
  static void* operator new(std::size_t size) { return allocate_block(size); }
  static void operator delete(void* block, std::size_t size) noexcept { deallocate_block(block, size); }
};

}  // namespace sluice::coro
