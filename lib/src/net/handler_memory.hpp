// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <new>

namespace sluice::net {

/// Memory for the one outstanding Asio operation of its owner, used again and again. An operation that does
/// not fit falls back to the heap.
class handler_memory {
 public:
  handler_memory() noexcept = default;
  handler_memory(handler_memory const&) = delete;
  handler_memory& operator=(handler_memory const&) = delete;

  [[nodiscard]] void* allocate(std::size_t size) {
    if (used_ || size > storage_.size()) return ::operator new(size);
    used_ = true;
    return storage_.data();
  }
  void deallocate(void* memory) noexcept {
    if (memory == storage_.data()) used_ = false;
    else ::operator delete(memory);
  }

 private:
  alignas(std::max_align_t) std::array<std::byte, 256> storage_;
  bool used_ = false;
};

/// The allocator of a handler whose operation lives in a handler_memory. The handler must keep that memory's
/// owner alive.
template <class T>
class handler_allocator {
 public:
  using value_type = T;

  explicit handler_allocator(handler_memory& memory) noexcept : memory_{&memory} {}
  template <class U>
  handler_allocator(handler_allocator<U> const& other) noexcept : memory_{other.memory_} {}

  [[nodiscard]] T* allocate(std::size_t count) {
    return static_cast<T*>(memory_->allocate(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t) noexcept { memory_->deallocate(memory); }

  template <class U>
  friend bool operator==(handler_allocator const& a, handler_allocator<U> const& b) noexcept {
    return a.memory_ == b.memory_;
  }

 private:
  template <class>
  friend class handler_allocator;
  handler_memory* memory_;
};

}  // namespace sluice::net
