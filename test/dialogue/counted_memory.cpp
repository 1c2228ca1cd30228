// SPDX-License-Identifier: Apache-2.0
#include "dialogue/counted_memory.hpp"

#if SLUICE_COUNTS_ALLOCATIONS

#include <malloc.h>

#include <cstdlib>
#include <new>

namespace {

std::size_t held = 0;
std::size_t failures = 0;
std::size_t to_fail = 0;

void* allocate(std::size_t size) noexcept {
  if (failures < to_fail) return ++failures, nullptr;
  void* const block = std::malloc(size == 0 ? 1 : size);
  if (block != nullptr) held += malloc_usable_size(block);
  return block;
}

}  // namespace

namespace sluice::test {

std::size_t held_memory() noexcept { return held; }
no_memory::no_memory(std::size_t times) noexcept {
  to_fail = times;
  failures = 0;
}
no_memory::~no_memory() { to_fail = 0; }
std::size_t no_memory::failed() noexcept { return failures; }

}  // namespace sluice::test

void* operator new(std::size_t size) {
  if (void* const block = allocate(size)) return block;
  throw std::bad_alloc{};
}
void* operator new(std::size_t size, std::nothrow_t const&) noexcept { return allocate(size); }
void operator delete(void* block) noexcept {
  if (block != nullptr) held -= malloc_usable_size(block);
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }
void operator delete(void* block, std::nothrow_t const&) noexcept { operator delete(block); }

#endif
