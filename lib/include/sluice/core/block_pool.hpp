// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace sluice {

/// Memory for what lives and dies with calls: free lists of size classes, one set for each thread, so that in steady
/// state a call allocates nothing. A block may be freed on another thread than it was made on. Under AddressSanitizer it
/// is plain operator new, so that the sanitizer sees each block.
[[nodiscard]] void* allocate_block(std::size_t size);
void deallocate_block(void* block, std::size_t size) noexcept;

}  // namespace sluice
