// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/block_pool.hpp>
#include <sluice/core/bytes_view.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

namespace sluice {

/// A growing run of bytes, written at the back and read at the front, in one piece of memory (from the block pool).
///
/// Unlike std::vector it does not zero what it is about to overwrite, and reading from the front moves nothing until
/// room is needed.
class buffer {
 public:
  buffer() noexcept = default;
  buffer(buffer&& other) noexcept
      : data_{std::exchange(other.data_, nullptr)}, capacity_{std::exchange(other.capacity_, 0)},
        begin_{std::exchange(other.begin_, 0)}, end_{std::exchange(other.end_, 0)} {}
  ~buffer() { free_memory(); }
  buffer& operator=(buffer&& other) noexcept {
    if (this == &other) return *this;
    free_memory();
    data_ = std::exchange(other.data_, nullptr);
    capacity_ = std::exchange(other.capacity_, 0);
    begin_ = std::exchange(other.begin_, 0);
    end_ = std::exchange(other.end_, 0);
    return *this;
  }

  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::byte const* data() const noexcept { return data_ + begin_; }
  [[nodiscard]] std::byte* data() noexcept { return data_ + begin_; }
  [[nodiscard]] bytes_view view() const noexcept { return {data(), size()}; }
  /// `bytes`, which are not empty, lie in this one's memory, be they content or not.
  [[nodiscard]] bool holds(bytes_view bytes) const noexcept {
    auto const address = [](std::byte const* of) { return reinterpret_cast<std::uintptr_t>(of); };
    return address(bytes.data()) - address(data_) < capacity_;  // wraps around when it is before
  }

  /// Room for `count` bytes at the back; they become content by `commit`. Invalidates earlier spans and views.
  [[nodiscard]] std::span<std::byte> prepare(std::size_t count) {
    if (capacity_ - end_ < count) make_room(count);
    return {data_ + end_, count};
  }
  void commit(std::size_t count) noexcept {
    assert(count <= capacity_ - end_);
    end_ += count;
  }
  void append(bytes_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(prepare(bytes.size()).data(), bytes.data(), bytes.size());
    commit(bytes.size());
  }
  /// Drops `count` bytes from the front. What was read stays in place until the next `prepare`.
  void consume(std::size_t count) noexcept {
    assert(count <= size());
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  /// Forgets the content and keeps the memory.
  void clear() noexcept { begin_ = end_ = 0; }
  /// Forgets the content and gives the memory back.
  void release() noexcept { *this = buffer{}; }

 private:
  void make_room(std::size_t count) {
    std::size_t const used = size();
    if (capacity_ >= used + count && begin_ >= used) {
      if (used != 0) std::memcpy(data_, data(), used);
    } else {
      std::size_t wanted = capacity_ < 128 ? 128 : capacity_ * 2;
      if (wanted < used + count) wanted = used + count;
      std::size_t const shift = shift_of(wanted);
      auto* const bigger = static_cast<std::byte*>(allocate_block(shift + wanted)) + shift;
      if (used != 0) std::memcpy(bigger, data(), used);
      free_memory();
      data_ = bigger;
      capacity_ = wanted;
    }
    begin_ = 0;
    end_ = used;
  }

  void free_memory() noexcept {
    if (data_ == nullptr) return;
    std::size_t const shift = shift_of(capacity_);
    deallocate_block(data_ - shift, shift + capacity_);
  }
  // Large allocations begin at the same place in a page. What is copied between two of them, to a few bytes further on, is
  // what the copying instruction of AMD's processors is slow at: 3 GB/s instead of 50.
  [[nodiscard]] static constexpr std::size_t shift_of(std::size_t capacity) noexcept {
    return capacity < std::size_t{64} * 1024 ? 0 : 64;
  }

  std::byte* data_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace sluice
