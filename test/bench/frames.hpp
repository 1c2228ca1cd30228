// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

// HTTP/2 frames by hand, for the two programs that replay them.
namespace bench {

using bytes = std::vector<std::uint8_t>;

constexpr std::size_t frame_header_size = 9;

struct frame {
  std::uint8_t type;
  std::uint8_t flags;
  std::uint32_t stream;
  std::span<std::uint8_t const> payload;
};

inline void append_number(bytes& to, std::uint32_t value, int size) {
  while (size-- > 0) to.push_back(static_cast<std::uint8_t>(value >> (8 * size)));
}

inline std::uint32_t read_number(std::uint8_t const* from, int size) {
  std::uint32_t value = 0;
  for (int i = 0; i < size; ++i) value = value << 8 | from[i];
  return value;
}

inline void append_frame(bytes& to, std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                         std::span<std::uint8_t const> payload) {
  append_number(to, static_cast<std::uint32_t>(payload.size()), 3);
  to.push_back(type);
  to.push_back(flags);
  append_number(to, stream, 4);
  to.insert(to.end(), payload.begin(), payload.end());
}

// Calls `take` with each whole frame in `input`; returns how many bytes they had.
template <class Take>
std::size_t split_frames(std::span<std::uint8_t const> input, Take take) {
  std::size_t at = 0;
  while (input.size() - at >= frame_header_size) {
    auto const* const head = input.data() + at;
    auto const length = read_number(head, 3);
    if (input.size() - at - frame_header_size < length) break;
    take(frame{head[3], head[4], read_number(head + 5, 4) & 0x7fffffff,
               input.subspan(at + frame_header_size, length)});
    at += frame_header_size + length;
  }
  return at;
}

}  // namespace bench
