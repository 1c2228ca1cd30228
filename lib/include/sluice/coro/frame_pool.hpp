// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace sluice::coro {

/// Memory for coroutine frames and the small objects that live and die with calls: free lists of size classes, one set
/// for each thread, so that in steady state a call allocates nothing. A frame may be freed on another thread than it
/// was made on. Under AddressSanitizer it is plain operator new, so that the sanitizer sees each frame.
[[nodiscard]] void* allocate_frame(std::size_t size);
void deallocate_frame(void* frame, std::size_t size) noexcept;

/// Base of everything that should come from the frame pool.
struct pooled {
  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { deallocate_frame(frame, size); }
};

}  // namespace sluice::coro
