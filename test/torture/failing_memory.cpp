// SPDX-License-Identifier: Apache-2.0
#include "failing_memory.hpp"

#include <execinfo.h>
#include <malloc.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <new>
#include <utility>

namespace {

bool armed = false;
bool has_failed = false;
std::size_t count = 0;
std::size_t fails_at = 0;
std::size_t bytes = 0;
std::array<void*, 40> place{};
int place_depth = 0;

bool fails_now() noexcept {
  if (!armed || ++count != fails_at) return false;
  has_failed = true;
  armed = false;  // what backtrace allocates itself does not count
  place_depth = ::backtrace(place.data(), static_cast<int>(place.size()));
  armed = true;
  return true;
}

}  // namespace

namespace torture {

void memory::arm(std::size_t nth) noexcept {
  count = 0;
  fails_at = nth;
  has_failed = false;
  armed = true;
}
std::size_t memory::disarm() noexcept {
  armed = false;
  return count;
}
memory::pause::pause() noexcept : was_armed_{std::exchange(armed, false)} {}
memory::pause::~pause() { armed = was_armed_; }
bool memory::failed() noexcept { return has_failed; }
std::size_t memory::in_use() noexcept { return bytes; }
void memory::print_place() noexcept { ::backtrace_symbols_fd(place.data(), place_depth, STDERR_FILENO); }

}  // namespace torture

void* operator new(std::size_t size) {
  void* const memory = fails_now() ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc{};
  bytes += malloc_usable_size(memory);
  return memory;
}
void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
  void* const memory = fails_now() ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (memory != nullptr) bytes += malloc_usable_size(memory);
  return memory;
}
void operator delete(void* memory) noexcept {
  if (memory != nullptr) bytes -= malloc_usable_size(memory);
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
void operator delete(void* memory, std::nothrow_t const&) noexcept { operator delete(memory); }
