// SPDX-License-Identifier: Apache-2.0
#include "http2/header_decoder.hpp"

#include "http2/huffman.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <tuple>

namespace sluice::http2 {
namespace {

constexpr std::size_t most_kept_room = 256;  // characters
constexpr std::size_t most_kept_fields = 128;
constexpr std::size_t most_fields_behind = 32;  // with those of a kept list
constexpr unsigned indexed = 0x80, added = 0x40, resized = 0x20, huffman = 0x80, short_string = 0x7f;

unsigned peek(bytes_view rest) noexcept { return std::to_integer<unsigned>(rest.front()); }

// What needs more bytes is larger than any index, length or size.
std::optional<std::size_t> take_long_number(bytes_view& rest, std::uint64_t value) noexcept {
  for (unsigned shift = 0; shift <= 28 && !rest.empty(); shift += 7) {
    unsigned const byte = peek(rest);
    rest = rest.subspan(1);
    value += std::uint64_t{byte & 0x7fU} << shift;
    if (value > 0xffff'ffffU) break;
    if (byte < 0x80U) return static_cast<std::size_t>(value);
  }
  return std::nullopt;
}

// RFC 7541, 5.1. `rest` is not empty.
inline std::optional<std::size_t> take_number(bytes_view& rest, unsigned prefix_bits) noexcept {
  unsigned const most = (1U << prefix_bits) - 1;
  unsigned const value = peek(rest) & most;
  rest = rest.subspan(1);
  if (value == most) [[unlikely]]
    return take_long_number(rest, value);
  return value;
}

// What a block begins with: fields that stand in the table, a byte each.
struct known_part {
  std::size_t size = 0;
  std::size_t hash = 0;
};
known_part find_known_part(bytes_view block) noexcept {
  known_part part;
  for (auto const byte : block) {
    auto const value = std::to_integer<std::size_t>(byte);
    if (value <= 0x80 || value == 0xff) break;
    part.hash = part.hash * 31 + value;
    ++part.size;
  }
  return part;
}

void give_back(std::vector<char>& room) noexcept {
  if (room.capacity() > most_kept_room) std::vector<char>{}.swap(room);
}

}  // namespace

header_decoder::outcome header_decoder::decode(bytes_view block) {
  auto const [size, hash] = find_known_part(block);
  auto const known = block.first(size);
  auto const rest = block.subspan(size);
  std::size_t const place = hash % std::tuple_size_v<kept_lists>;
  if (auto* const kept = find(known, place); kept != nullptr) {
    list_ = &kept->list;
    if (rest.empty()) return outcome::decoded;
    begun_ = kept;
  } else if (auto const how = decode_part(known, true); how == outcome::decoded) {
    keep(known, place);
  } else {
    return how;
  }
  return decode_part(rest, known.empty());
}

header_decoder::kept_list* header_decoder::find(bytes_view block, std::size_t place) noexcept {
  if (kept_ == nullptr || block.empty()) return nullptr;
  auto& kept = (*kept_)[place];
  bool const same =
      kept.block_size == block.size() && std::memcmp(kept.block.data(), block.data(), block.size()) == 0;
  return same ? &kept : nullptr;
}

// Not one from whose front the judge of the message may take a field: what stands behind it could not be taken off again.
void header_decoder::keep(bytes_view block, std::size_t place) {
  bool const malformed = (decoded_.rule.forbidden_after & seen::anything) != 0;
  bool const as_it_is = decoded_.size <= limit_ && (decoded_.rule.adds & seen::length) == 0 && !malformed;
  if (block.empty() || block.size() > kept_list{}.block.size() || !as_it_is) return;
  if (kept_ == nullptr) kept_ = std::make_unique<kept_lists>();
  auto& to = (*kept_)[place];
  to.block_size = 0;
  to.list = decoded_;
  to.mark = to.list.here();
  std::ranges::copy(block, to.block.begin());
  to.block_size = block.size();
}

void header_decoder::forget() noexcept {
  if (kept_ == nullptr) return;
  for (auto& each : *kept_) each.block_size = 0;
}

// What stood behind it goes.
void header_decoder::release_kept() noexcept {
  if (begun_->list.fields.capacity() > most_fields_behind) {
    begun_->block_size = 0;
    begun_->list = {};
  } else {
    begun_->list.back_to(begun_->mark);
  }
  begun_ = nullptr;
}

void header_decoder::release() noexcept {
  if (begun_ != nullptr) release_kept();
  list_ = &decoded_;
  decoded_.clear();
  if (decoded_.fields.capacity() > most_kept_fields) decoded_ = {};
  table_.release();
}

header_decoder::outcome header_decoder::decode_part(bytes_view rest, bool begins) {
  while (!rest.empty()) {
    unsigned const kind = peek(rest);
    if ((kind & (indexed | added)) == 0 && (kind & resized) != 0) {
      forget();
      auto const size = take_number(rest, 5);
      if (!begins || !size || !table_.resize(*size)) return outcome::malformed;
      continue;
    }
    begins = false;
    auto const how = (kind & indexed) != 0 ? decode_indexed(rest) : decode_literal(rest);
    if (how != outcome::decoded) return how;
  }
  return outcome::decoded;
}

header_decoder::outcome header_decoder::decode_indexed(bytes_view& rest) {
  auto const index = take_number(rest, 7);
  auto const* const field = index ? table_.find(*index) : nullptr;
  return field != nullptr ? put(*field) : outcome::malformed;
}

header_decoder::outcome header_decoder::put(known_field const& field) {
  list_->add(field.field, field.rule);
  return list_->size <= most_times_limit * limit_ ? outcome::decoded : outcome::too_large;
}

// Most strings are short and not coded.
inline bool header_decoder::take_string(bytes_view& rest, std::vector<char>& room, std::string_view& text) {
  if (rest.empty()) return false;
  std::size_t const size = peek(rest);
  if (size >= short_string || size >= rest.size()) return decode_string(rest, room, text);
  text = as_text(rest.subspan(1, size));
  rest = rest.subspan(1 + size);
  return true;
}

header_decoder::outcome header_decoder::decode_literal(bytes_view& rest) {
  bool const enters = (peek(rest) & added) != 0;
  if (enters) forget();
  auto const index = take_number(rest, enters ? 6 : 4);
  if (!index) return outcome::malformed;
  std::string_view name;
  if (*index != 0) {
    auto const* const known = table_.find(*index);
    if (known == nullptr) return outcome::malformed;
    name = known->field.name;
  } else if (!take_string(rest, name_, name)) {
    return outcome::malformed;
  }
  std::string_view value;
  if (!take_string(rest, value_, value)) return outcome::malformed;
  bool const stays = name.data() != name_.data() && value.data() != value_.data();
  if (stays && !enters) return put(table_.judged(name, value));
  auto const how = put(enters ? table_.add(name, value) : table_.keep(name, value));
  give_back(name_);
  give_back(value_);
  return how;
}

bool header_decoder::decode_string(bytes_view& rest, std::vector<char>& room, std::string_view& text) {
  if (rest.empty()) return false;
  bool const coded = (peek(rest) & huffman) != 0;
  auto const size = take_number(rest, 7);
  if (!size || *size > rest.size()) return false;
  auto const bytes = rest.first(*size);
  rest = rest.subspan(*size);
  if (!coded) {
    text = as_text(bytes);
    return true;
  }
  room.resize(most_decoded(*size));
  auto const decoded = decode_huffman(bytes, room.data());
  if (!decoded) return false;
  text = {room.data(), *decoded};
  return true;
}

}  // namespace sluice::http2
