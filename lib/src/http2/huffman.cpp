// SPDX-License-Identifier: Apache-2.0
#include "http2/huffman.hpp"

#include <array>
#include <cstdint>

namespace sluice::http2 {
namespace {

constexpr unsigned shortest = 5, longest = 30;
constexpr std::size_t end_of_string = 256;

// Bits of each character's code, and of the end's. The codes follow from them: shorter ones come first, among equals the
// lower character does.
constexpr std::array<std::uint8_t, end_of_string + 1> lengths{
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28,
    28, 28, 28, 28, 28, 28, 6,  10, 10, 12, 13, 6,  8,  11, 10, 10, 8,  11, 8,  6,  6,  6,  5,  5,  5,  6,
    6,  6,  6,  6,  6,  6,  7,  8,  15, 6,  12, 10, 13, 6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,
    7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8,  13, 19, 13, 14, 6,  15, 5,  6,  5,  6,  5,  6,  6,
    6,  5,  7,  7,  6,  6,  6,  5,  6,  7,  6,  5,  5,  6,  7,  7,  7,  7,  7,  15, 11, 14, 13, 28, 20, 22,
    20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23,
    22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22,
    23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22,
    25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30};

struct code_book {
  // By length: the first code that is longer, in the upper bits of a word, and which of `characters` the first one is.
  std::array<std::uint64_t, longest + 1> end{};
  std::array<std::uint32_t, longest + 1> first{};
  std::array<std::uint16_t, longest + 1> index{};
  std::array<std::uint16_t, end_of_string + 1> characters{};
};

constexpr code_book write_book() {
  code_book book;
  std::uint16_t next = 0;
  std::uint64_t code = 0;
  for (unsigned length = shortest; length <= longest; ++length) {
    book.index[length] = next;
    book.first[length] = static_cast<std::uint32_t>(code);
    for (std::uint16_t character = 0; character <= end_of_string; ++character)
      if (lengths[character] == length) {
        book.characters[next++] = character;
        ++code;
      }
    book.end[length] = code << (32 - length);
    code <<= 1U;
  }
  return book;
}

constexpr code_book book = write_book();

}  // namespace

std::optional<std::size_t> decode_huffman(bytes_view coded, char* to) noexcept {
  char const* const begin = to;
  std::uint64_t bits = 0;  // not used yet: the lower `have` ones
  unsigned have = 0;
  for (std::size_t at = 0;;) {
    for (; have <= 32 && at != coded.size(); have += 8)
      bits = bits << 8U | std::to_integer<std::uint64_t>(coded[at++]);
    // Behind the end there are ones, as padding is.
    std::uint64_t const ones = 0xffff'ffffU;
    std::uint64_t const window =
        (have >= 32 ? bits >> (have - 32) : bits << (32 - have) | ones >> have) & ones;
    unsigned length = shortest;
    while (length < longest && window >= book.end[length]) ++length;
    if (length > have) {
      // Less than a byte of padding, which is the beginning of the end's code.
      bool const padding = have < 8 && window == ones;
      return padding ? std::optional{static_cast<std::size_t>(to - begin)} : std::nullopt;
    }
    auto const code = static_cast<std::uint32_t>(window >> (32 - length));
    auto const character = book.characters[book.index[length] + (code - book.first[length])];
    if (character == end_of_string) return std::nullopt;
    *to++ = static_cast<char>(character);
    have -= length;
    bits &= (std::uint64_t{1} << have) - 1;
  }
}

}  // namespace sluice::http2
