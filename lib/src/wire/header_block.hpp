// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::wire {

/// For `header_block::add`: the value must not enter the peer's HPACK table, because it will not come again
/// (timeouts, trace ids, error messages) or nobody should be able to guess it.
struct no_index_t {
  explicit no_index_t() = default;
};
inline constexpr no_index_t no_index{};

struct header_field {
  std::string_view name;
  std::string_view value;
};

/// The largest header list that is sent, by name + value + 32 each: few peers take more.
inline constexpr std::size_t largest_sent_list = 64 * 1024 - 12;

/// One HTTP/2 header list, to send or received, in two pieces of memory that `clear` keeps: a block that is reused
/// allocates nothing once it has seen its largest list.
///
/// It keeps what it is given, in order, and judges nothing. Views into it hold until the next change or move.
class header_block {
 public:
  /// What a field costs beside its characters, by HTTP/2's and HPACK's count.
  static constexpr std::size_t field_overhead = 32;

  header_block() = default;
  header_block(header_block&& other) noexcept
      : characters_{std::move(other.characters_)}, slots_{std::move(other.slots_)} {
    other.clear();
  }
  header_block& operator=(header_block&& other) noexcept {
    if (this == &other) return *this;
    characters_ = std::move(other.characters_);
    slots_ = std::move(other.slots_);
    other.clear();
    return *this;
  }
  header_block(header_block const& other) : slots_{other.slots_} {
    characters_.append(other.characters_.view());
  }
  header_block& operator=(header_block const& other) { return *this = header_block{other}; }
  ~header_block() = default;

  /// Neither view may point into this block.
  void add(std::string_view name, std::string_view value) { append(name, value, true); }
  void add(std::string_view name, std::string_view value, no_index_t) { append(name, value, false); }
  /// Adds a field whose value `write(std::string& out)` appends, for encoders.
  template <class Write>
  void add_with(std::string_view name, Write&& write) {
    append(name, written(std::forward<Write>(write)), true);
  }
  template <class Write>
  void add_with(std::string_view name, no_index_t, Write&& write) {
    append(name, written(std::forward<Write>(write)), false);
  }

  /// The value of the first field called exactly `name`.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }
  [[nodiscard]] bool empty() const noexcept { return slots_.empty(); }
  [[nodiscard]] header_field operator[](std::size_t index) const noexcept {
    slot const& s = slots_[index];
    char const* const at = as_text(characters_.view()).data() + s.offset;
    return {{at, s.name_size}, {at + s.name_size, s.value_size}};
  }
  /// Whether the value may enter the HPACK table.
  [[nodiscard]] bool indexed(std::size_t index) const noexcept { return slots_[index].indexed; }
  /// The sum of name + value + 32, which SETTINGS_MAX_HEADER_LIST_SIZE limits.
  [[nodiscard]] std::size_t list_size() const noexcept {
    return characters_.size() + slots_.size() * field_overhead;
  }

  /// Forgets the fields and keeps the memory.
  void clear() noexcept {
    characters_.clear();
    slots_.clear();
  }
  /// Forgets the fields and gives the memory back.
  void release() noexcept { *this = header_block{}; }
  /// Bytes of memory held, for pools that keep no large ones.
  [[nodiscard]] std::size_t capacity() const noexcept {
    return characters_.capacity() + slots_.capacity() * sizeof(slot);
  }

  class const_iterator {
   public:
    using iterator_category = std::input_iterator_tag;  // its reference is a value
    using iterator_concept = std::forward_iterator_tag;
    using value_type = header_field;
    using difference_type = std::ptrdiff_t;
    using reference = header_field;
    using pointer = void;

    const_iterator() noexcept = default;
    header_field operator*() const noexcept { return (*block_)[index_]; }
    const_iterator& operator++() noexcept {
      ++index_;
      return *this;
    }
    const_iterator operator++(int) noexcept {
      const_iterator before = *this;
      ++index_;
      return before;
    }
    friend bool operator==(const_iterator const&, const_iterator const&) = default;

   private:
    friend class header_block;
    const_iterator(header_block const* block, std::size_t index) noexcept : block_{block}, index_{index} {}
    header_block const* block_ = nullptr;
    std::size_t index_ = 0;
  };
  [[nodiscard]] const_iterator begin() const noexcept { return {this, 0}; }
  [[nodiscard]] const_iterator end() const noexcept { return {this, slots_.size()}; }

 private:
  struct slot {
    std::uint32_t offset;  // of the name; the value follows it
    std::uint32_t name_size;
    std::uint32_t value_size;
    bool indexed;
  };

  // Here, and into memory that is not zeroed first: a call adds a dozen fields.
  void append(std::string_view name, std::string_view value, bool indexed) {
    std::size_t const offset = characters_.size();
    std::size_t const size = name.size() + value.size();
    if (offset + size > largest) [[unlikely]]
      refuse();
    auto* const to = reinterpret_cast<char*>(characters_.prepare(size).data());
    std::copy_n(value.data(), value.size(), std::copy_n(name.data(), name.size(), to));
    slots_.push_back({static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(name.size()),
                      static_cast<std::uint32_t>(value.size()), indexed});
    characters_.commit(size);
  }
  template <class Write>
  [[nodiscard]] static std::string written(Write&& write) {
    std::string value;
    std::forward<Write>(write)(value);
    return value;
  }
  // Four gigabytes of headers are nobody's; wrapping around would turn them into somebody else's.
  static constexpr std::size_t largest = std::numeric_limits<std::uint32_t>::max();
  [[noreturn]] static void refuse();

  buffer characters_;
  std::vector<slot, block_allocator<slot>> slots_;
};

}  // namespace sluice::wire
