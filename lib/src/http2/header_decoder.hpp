// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>

#include "http2/field_table.hpp"
#include "http2/received_list.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace sluice::http2 {

/// Decompresses the header lists of one connection (RFC 7541), in the order in which they come. Nearly all of a list's
/// fields stand in the table: for those there is no text to copy and nothing to find out. And nearly all lists of a
/// connection begin with the same few: fields that stand there are kept together, by their bytes, until the table changes.
class header_decoder {
 public:
  enum class outcome : std::uint8_t { decoded, malformed, too_large };
  /// A list, and a block, that is so many times as large as the limit of lists ends the connection.
  static constexpr std::size_t most_times_limit = 4;

  /// `limit`: of a list's size. A larger one is decoded, or the table would go wrong for every later one; one that is four
  /// times as large is not.
  header_decoder(field_table::expert const& by, std::size_t limit) noexcept : table_{by}, limit_{limit} {}

  /// Decodes a whole block.
  [[nodiscard]] outcome decode(bytes_view block);
  /// The latest list. Its texts hold until `release`, and for as long as the block does.
  [[nodiscard]] received_list& list() noexcept { return *list_; }
  void release() noexcept;

 private:
  struct kept_list {
    std::array<std::byte, 32> block;
    std::size_t block_size = 0;  // 0: there is none
    received_list list;
    received_list::mark mark;  // of the list as it was kept: more may stand behind it until `release`
  };
  using kept_lists = std::array<kept_list, 8>;  // by their block's hash

  [[nodiscard]] outcome decode_part(bytes_view rest, bool begins);
  [[nodiscard]] kept_list* find(bytes_view block, std::size_t place) noexcept;
  [[nodiscard]] outcome decode_indexed(bytes_view& rest);
  [[nodiscard]] outcome decode_literal(bytes_view& rest);
  [[nodiscard]] bool take_string(bytes_view& rest, std::vector<char>& room, std::string_view& text);
  [[nodiscard]] bool decode_string(bytes_view& rest, std::vector<char>& room, std::string_view& text);
  [[nodiscard]] outcome put(known_field const& field);
  void keep(bytes_view block, std::size_t place);
  void forget() noexcept;
  void release_kept() noexcept;

  field_table table_;
  std::size_t limit_;
  received_list decoded_;
  received_list* list_ = &decoded_;
  kept_list* begun_ = nullptr;  // what list_ begins with, and is
  std::unique_ptr<kept_lists> kept_;
  std::vector<char> name_;  // decoded by Huffman's code
  std::vector<char> value_;
};

}  // namespace sluice::http2
