// SPDX-License-Identifier: Apache-2.0
#include "http2/header_encoder.hpp"

#include "http2/nghttp2_memory.hpp"

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
