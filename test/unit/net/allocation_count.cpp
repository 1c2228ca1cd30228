// SPDX-License-Identifier: Apache-2.0
#include "unit/net/allocation_count.hpp"

#if SLUICE_COUNTS_ALLOCATIONS

#include <cstdlib>
#include <new>

namespace {
thread_local std::size_t count = 0;
}  // namespace

namespace sluice::test {
std::size_t allocation_count() noexcept { return count; }
}  // namespace sluice::test

void* operator new(std::size_t size) {
  ++count;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc{};
}
void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
  ++count;
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

#endif
