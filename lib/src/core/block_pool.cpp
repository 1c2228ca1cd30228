// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/block_pool.hpp>

#include <array>
#include <cstdint>
#include <new>
#include <utility>

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

namespace sluice {
namespace {

// Blocks of 8, 24, 40, ... bytes: together with the eight bytes that glibc's heap adds, nothing is lost between the
// blocks of a hundred thousand idle streams.
constexpr std::size_t grain = 16;
constexpr std::size_t least = 8;
constexpr std::size_t classes = 256;  // up to 4 KiB; larger ones are rare and go to the heap
constexpr std::size_t kept_bytes = 256 * 1024;  // of each class and thread, so that a burst is given back

constexpr std::size_t class_of(std::size_t size) noexcept { return (size + grain - 1 - least) / grain; }
constexpr std::size_t size_of(std::size_t index) noexcept { return least + index * grain; }

struct free_block {
  free_block* next;
};

struct free_list {
  free_block* first = nullptr;
  std::size_t room = 0;  // how many more are kept
};

// Without constructor and destructor: reached by an offset from the thread's register, with no guard to ask. `room` is
// 0 at first and after the thread's end, so that the first block that is given back, and the last, take the slow way.
thread_local constinit std::array<free_list, classes> lists{};
thread_local constinit bool lists_are_gone = false;

struct thread_end {
  thread_end() noexcept {
    for (std::size_t index = 0; index != classes; ++index) lists[index].room = kept_bytes / size_of(index);
  }
  thread_end(thread_end const&) = delete;
  thread_end& operator=(thread_end const&) = delete;
  ~thread_end() {
    // A block may outlive its thread's lists (a task in a static, freed at exit): then it goes straight to the heap.
    lists_are_gone = true;
    for (auto& list : lists) {
      while (list.first != nullptr) ::operator delete(std::exchange(list.first, list.first->next));
      list.room = 0;
    }
  }
};

void keep(free_list& list, void* block) noexcept {
  list.first = ::new (block) free_block{list.first};
  --list.room;
}

// The list is full, or it is the thread's first block or one after its end.
void deallocate_slowly(void* block, std::size_t index) noexcept {
  if (!lists_are_gone) {
    thread_local thread_end const ending;  // made once: fills `room`
    static_cast<void>(&ending);
  }
  if (lists[index].room != 0) keep(lists[index], block);
  else ::operator delete(block);
}

}  // namespace

void* allocate_block(std::size_t size) {
  std::size_t const index = class_of(size);
  if (SLUICE_POOLS_BLOCKS == 0 || index >= classes) return ::operator new(size);
  free_list& list = lists[index];
  if (list.first == nullptr) [[unlikely]]
    return ::operator new(size_of(index));
  ++list.room;
  return std::exchange(list.first, list.first->next);
}

void deallocate_block(void* block, std::size_t size) noexcept {
  std::size_t const index = class_of(size);
  if (SLUICE_POOLS_BLOCKS == 0 || index >= classes) return ::operator delete(block);
  free_list& list = lists[index];
  if (list.room != 0) [[likely]]
    keep(list, block);
  else deallocate_slowly(block, index);
}

}  // namespace sluice
