// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/block_pool.hpp>

#include <array>
#include <cstdint>
#include <new>

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

constexpr std::size_t grain = 64;
constexpr std::size_t classes = 64;             // up to 4 KiB; larger ones are rare and go to the heap
constexpr std::size_t kept_bytes = 512 * 1024;  // of each class and thread, so that a burst is given back

struct free_block {
  free_block* next;
};

class free_lists {
 public:
  free_lists() noexcept = default;
  free_lists(free_lists const&) = delete;
  free_lists& operator=(free_lists const&) = delete;
  ~free_lists() {
    for (auto& list : lists_)
      while (list.first != nullptr) ::operator delete(take(list));
  }

  void* allocate(std::size_t index) {
    auto& list = lists_[index];
    if (list.first != nullptr) [[likely]]
      return take(list);
    return ::operator new((index + 1) * grain);
  }
  void deallocate(void* block, std::size_t index) noexcept {
    auto& list = lists_[index];
    if (list.count * (index + 1) * grain >= kept_bytes) {
      ::operator delete(block);
      return;
    }
    list.first = ::new (block) free_block{list.first};
    ++list.count;
  }

 private:
  struct list {
    free_block* first = nullptr;
    std::size_t count = 0;
  };
  static void* take(list& from) noexcept {
    free_block* const block = from.first;
    from.first = block->next;
    --from.count;
    return block;
  }
  std::array<list, classes> lists_;
};

// A block may outlive its thread's lists (a task in a static, freed at exit): then it goes straight to the heap.
thread_local bool lists_are_gone = false;
struct guarded_lists : free_lists {
  guarded_lists() noexcept = default;
  guarded_lists(guarded_lists const&) = delete;
  guarded_lists& operator=(guarded_lists const&) = delete;
  ~guarded_lists() { lists_are_gone = true; }
};
thread_local guarded_lists lists;

}  // namespace

void* allocate_block(std::size_t size) {
  std::size_t const index = (size - 1) / grain;
  if (SLUICE_POOLS_BLOCKS == 0 || index >= classes || lists_are_gone) return ::operator new(size);
  return lists.allocate(index);
}

void deallocate_block(void* block, std::size_t size) noexcept {
  std::size_t const index = (size - 1) / grain;
  if (SLUICE_POOLS_BLOCKS == 0 || index >= classes || lists_are_gone)
    ::operator delete(block);
  else
    lists.deallocate(block, index);
}

}  // namespace sluice
