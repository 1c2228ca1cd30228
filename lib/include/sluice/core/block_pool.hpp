// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace sluice {

/// Memory for what lives and dies with calls: free lists of size classes, one set for each thread, so that in steady
/// state a call allocates nothing. A block may be freed on another thread than it was made on. Under AddressSanitizer it
/// is plain operator new, so that the sanitizer sees each block.
[[nodiscard]] void* allocate_block(std::size_t size);
void deallocate_block(void* block, std::size_t size) noexcept;

/// The pool for containers that come and go with calls.
template <class T>
struct block_allocator {
  using value_type = T;
  block_allocator() noexcept = default;
  template <class U>
  block_allocator(block_allocator<U> const&) noexcept {}
  [[nodiscard]] T* allocate(std::size_t count) { return static_cast<T*>(allocate_block(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t count) noexcept { deallocate_block(memory, count * sizeof(T)); }
  friend bool operator==(block_allocator, block_allocator) noexcept { return true; }
};

}  // namespace sluice
