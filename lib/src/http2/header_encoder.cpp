// SPDX-License-Identifier: Apache-2.0
#include "http2/header_encoder.hpp"

#include "http2/nghttp2_memory.hpp"

#include <algorithm>
#include <cstddef>
#include <new>
#include <string_view>

namespace sluice::http2 {
namespace {

constexpr std::size_t most_kept_room = 128;  // fields

nghttp2_nv native_field(header_list const& list, std::size_t index) {
  std::string_view name;
  std::string_view value;
  bool indexed = true;
  list.at(index, name, value, indexed);
  // nghttp2 takes non-const pointers and only reads.
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          static_cast<std::uint8_t>(indexed ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_INDEX)};
}

bool nothing_is_indexed(header_list const& list) {
  for (std::size_t i = 0; i != list.size(); ++i) {
    std::string_view name;
    std::string_view value;
    bool indexed = true;
    list.at(i, name, value, indexed);
    if (indexed) return false;
  }
  return true;
}

// RFC 7541, 5.2, without Huffman's code.
void append_string(buffer& out, std::string_view text) {
  constexpr std::size_t most = 127, longest_number = 11;
  auto const room = out.prepare(longest_number);
  std::size_t size = 1;
  room[0] = static_cast<std::byte>(std::min(text.size(), most));
  if (text.size() >= most) {
    std::size_t rest = text.size() - most;
    for (; rest > most; rest >>= 7U) room[size++] = static_cast<std::byte>((rest & most) | 0x80U);
    room[size++] = static_cast<std::byte>(rest);
  }
  out.commit(size);
  out.append(as_bytes(text));
}

/// Walks over a block that nghttp2 has made (RFC 7541, 5 and 6).
class block_reader {
 public:
  explicit block_reader(bytes_view block) noexcept : rest_{block} {}
  [[nodiscard]] bool done() const noexcept { return rest_.empty(); }
  [[nodiscard]] unsigned peek() const noexcept { return std::to_integer<unsigned>(rest_.front()); }
  std::size_t number(unsigned prefix_bits) noexcept {
    std::size_t const most = (std::size_t{1} << prefix_bits) - 1;
    std::size_t value = next() & most;
    if (value != most) return value;
    for (unsigned shift = 0; !done(); shift += 7) {
      std::size_t const byte = next();
      value += (byte & 0x7fU) << shift;
      if (byte < 0x80U) break;
    }
    return value;
  }
  void skip_string() noexcept {
    if (done()) return;
    std::size_t const size = number(7);
    rest_ = rest_.subspan(size < rest_.size() ? size : rest_.size());
  }

 private:
  unsigned next() noexcept {
    unsigned const byte = peek();
    rest_ = rest_.subspan(1);
    return byte;
  }
  bytes_view rest_;
};

}  // namespace

bool changes_table(bytes_view block) noexcept {
  for (block_reader reader{block}; !reader.done();) {
    unsigned const kind = reader.peek();
    if (kind >= 0x80U) {  // an indexed field
      reader.number(7);
    } else if (kind >= 0x20U) {  // a literal that is added, or a new size
      return true;
    } else {  // a literal that is not added
      if (reader.number(4) == 0) reader.skip_string();
      reader.skip_string();
    }
  }
  return false;
}

header_encoder::header_encoder() {
  if (nghttp2_hd_deflate_new2(&native_, NGHTTP2_DEFAULT_HEADER_TABLE_SIZE, pooled_memory()) != 0)
    throw std::bad_alloc{};
}
header_encoder::~header_encoder() { nghttp2_hd_deflate_del(native_); }

void header_encoder::change_table_size(std::uint32_t size) {
  if (nghttp2_hd_deflate_change_table_size(native_, size) != 0) throw std::bad_alloc{};
  for (auto& each : kept_) each.number = 0;
}

void header_encoder::add(header_list const& list, std::uint64_t number) {
  auto& kept = kept_[number % kept_.size()];
  if (number != 0 && kept.number == number) return out_->append(kept.bytes.view());
  if (number == 0 && nothing_is_indexed(list)) return write_literals(list);
  bytes_view const block = compress(list);
  if (changes_table(block)) {
    for (auto& each : kept_) each.number = 0;
  } else if (number != 0) {
    kept.number = 0;
    kept.bytes.clear();
    kept.bytes.append(block);
    kept.number = number;
  }
}

// What is never indexed leaves the table alone, and need not pass nghttp2's deflater: a deadline is such a field, and has
// another value in each call.
void header_encoder::write_literals(header_list const& list) {
  constexpr std::byte never_indexed{0x10};
  for (std::size_t i = 0; i != list.size(); ++i) {
    std::string_view name;
    std::string_view value;
    bool indexed = false;
    list.at(i, name, value, indexed);
    out_->append({&never_indexed, 1});
    append_string(*out_, name);
    append_string(*out_, value);
  }
}

bytes_view header_encoder::compress(header_list const& list) {
  fields_.clear();
  for (std::size_t i = 0; i != list.size(); ++i) fields_.push_back(native_field(list, i));
  auto const room = out_->prepare(nghttp2_hd_deflate_bound(native_, fields_.data(), fields_.size()));
  auto const size = nghttp2_hd_deflate_hd(native_, reinterpret_cast<std::uint8_t*>(room.data()), room.size(),
                                          fields_.data(), fields_.size());
  if (fields_.capacity() > most_kept_room) std::vector<nghttp2_nv>{}.swap(fields_);
  if (size < 0) throw std::bad_alloc{};
  out_->commit(static_cast<std::size_t>(size));
  return room.first(static_cast<std::size_t>(size));
}

}  // namespace sluice::http2
