// SPDX-License-Identifier: Apache-2.0
#include "http2/nghttp2_memory.hpp"

#include <sluice/core/block_pool.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>

namespace sluice::http2 {
namespace {

// In front of each block: its size, which the pool wants back.
constexpr std::size_t head = alignof(std::max_align_t);

void* take(std::size_t size, void*) {
  try {
    auto* const block = static_cast<std::byte*>(allocate_block(size + head));
    ::new (block) std::size_t{size};
    return block + head;
  } catch (std::bad_alloc const&) { return nullptr; }
}
std::size_t size_of(void const* memory) noexcept {
  return *reinterpret_cast<std::size_t const*>(static_cast<std::byte const*>(memory) - head);
}
void give(void* memory, void*) {
  if (memory != nullptr) deallocate_block(static_cast<std::byte*>(memory) - head, size_of(memory) + head);
}
void* take_zeroed(std::size_t count, std::size_t size, void* user) {
  if (size != 0 && count > static_cast<std::size_t>(-1) / size) return nullptr;
  void* const memory = take(count * size, user);
  if (memory != nullptr) std::memset(memory, 0, count * size);
  return memory;
}
void* resize(void* memory, std::size_t size, void* user) {
  void* const bigger = take(size, user);
  if (bigger == nullptr || memory == nullptr) return bigger;
  std::memcpy(bigger, memory, std::min(size, size_of(memory)));
  give(memory, user);
  return bigger;
}

}  // namespace

nghttp2_mem* pooled_memory() noexcept {
  static constinit nghttp2_mem functions{nullptr, take, give, take_zeroed, resize};
  return &functions;  // nghttp2 copies it
}

}  // namespace sluice::http2
