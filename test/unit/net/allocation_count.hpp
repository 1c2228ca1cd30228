// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

// ThreadSanitizer brings an operator new of its own that clang does not let a program replace.
#if defined(__SANITIZE_THREAD__)
#define SLUICE_COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SLUICE_COUNTS_ALLOCATIONS 0
#endif
#endif
#ifndef SLUICE_COUNTS_ALLOCATIONS
#define SLUICE_COUNTS_ALLOCATIONS 1
#endif

// Under AddressSanitizer the block pool is plain operator new.
#if defined(__SANITIZE_ADDRESS__)
#define SLUICE_POOLS_BLOCKS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLUICE_POOLS_BLOCKS 0
#endif
#endif
#ifndef SLUICE_POOLS_BLOCKS
#define SLUICE_POOLS_BLOCKS 1
#endif

namespace sluice::test {

/// How often this program's operator new was called by this thread. Only where SLUICE_COUNTS_ALLOCATIONS.
[[nodiscard]] std::size_t allocation_count() noexcept;

}  // namespace sluice::test
