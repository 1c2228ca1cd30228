// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::fuzz {

/// The fuzzer's bytes, taken apart from the front. When they are used up, everything is zero and empty.
class input {
 public:
  input(std::uint8_t const* bytes, std::size_t size) noexcept
      : left_{as_text({reinterpret_cast<std::byte const*>(bytes), size})} {}

  [[nodiscard]] bool empty() const noexcept { return left_.empty(); }

  std::uint8_t byte() noexcept {
    auto const one = bytes(1);
    return one.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(one.front());
  }
  /// From 0 to `count` - 1; `count` is at most 256.
  std::size_t below(std::size_t count) noexcept { return byte() % count; }
  bool one_in(std::size_t count) noexcept { return below(count) == count - 1; }
  /// Big-endian, as on the wire.
  std::uint64_t number(std::size_t size) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i != size; ++i) value = value << 8U | byte();
    return value;
  }
  /// The next `count` bytes, or what is left of them.
  std::string_view bytes(std::size_t count) noexcept {
    auto const taken = left_.substr(0, count);
    left_.remove_prefix(taken.size());
    return taken;
  }
  /// A length byte and so many characters, at most `most`.
  std::string_view text(std::size_t most = 255) noexcept {
    return bytes(std::min<std::size_t>(byte(), most));
  }
  std::string_view rest() noexcept { return bytes(left_.size()); }
  template <class T, std::size_t Count>
  T const& pick(T const (&from)[Count]) noexcept {
    static_assert(Count <= 256);
    return from[below(Count)];
  }

 private:
  std::string_view left_;
};

}  // namespace sluice::fuzz
