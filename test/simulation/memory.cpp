// SPDX-License-Identifier: Apache-2.0
// operator new, counted. Sanitizers have their own: there nothing is counted.
#include "memory.hpp"

#include <malloc.h>

#include <cstdlib>
#include <new>

namespace {
std::size_t in_use = 0;
std::size_t peak = 0;
}  // namespace

namespace simulated {
std::size_t memory_in_use() noexcept { return in_use; }
std::size_t memory_peak() noexcept { return peak; }
void watch_memory() noexcept { peak = in_use; }
}  // namespace simulated

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLUICE_SANITIZED 1
#endif
#endif
#ifndef SLUICE_SANITIZED

void* operator new(std::size_t size) {
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc{};
  in_use += malloc_usable_size(memory);
  if (in_use > peak) peak = in_use;
  return memory;
}
void operator delete(void* memory) noexcept {
  if (memory != nullptr) in_use -= malloc_usable_size(memory);
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

#endif
#endif
