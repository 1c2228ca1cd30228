// SPDX-License-Identifier: Apache-2.0
#include "http2/hpack.hpp"

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <new>

namespace sluice::http2 {

struct hpack_encoder::impl {
  nghttp2_hd_deflater* native = nullptr;
  impl() {
    if (nghttp2_hd_deflate_new(&native, NGHTTP2_DEFAULT_HEADER_TABLE_SIZE) != 0) throw std::bad_alloc{};
  }
  impl(impl const&) = delete;
  impl& operator=(impl const&) = delete;
  ~impl() { nghttp2_hd_deflate_del(native); }
};

hpack_encoder::hpack_encoder() : impl_{std::make_unique<impl>()} {}
hpack_encoder::~hpack_encoder() = default;
hpack_encoder::hpack_encoder(hpack_encoder&&) noexcept = default;
hpack_encoder& hpack_encoder::operator=(hpack_encoder&&) noexcept = default;

std::string hpack_encoder::encode(std::span<hpack_field const> fields) {
  std::vector<nghttp2_nv> native;
  native.reserve(fields.size());
  for (auto const& [name, value] : fields)  // nghttp2 takes non-const pointers and only reads
    native.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                      reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
                      value.size(), NGHTTP2_NV_FLAG_NONE});
  std::string block(nghttp2_hd_deflate_bound(impl_->native, native.data(), native.size()), '\0');
  auto const size = nghttp2_hd_deflate_hd(impl_->native, reinterpret_cast<std::uint8_t*>(block.data()),
                                          block.size(), native.data(), native.size());
  if (size < 0) throw std::bad_alloc{};
  block.resize(static_cast<std::size_t>(size));
  return block;
}

struct hpack_decoder::impl {
  nghttp2_hd_inflater* native = nullptr;
  impl() {
    if (nghttp2_hd_inflate_new(&native) != 0) throw std::bad_alloc{};
  }
  impl(impl const&) = delete;
  impl& operator=(impl const&) = delete;
  ~impl() { nghttp2_hd_inflate_del(native); }
};

hpack_decoder::hpack_decoder() : impl_{std::make_unique<impl>()} {}
hpack_decoder::~hpack_decoder() = default;
hpack_decoder::hpack_decoder(hpack_decoder&&) noexcept = default;
hpack_decoder& hpack_decoder::operator=(hpack_decoder&&) noexcept = default;

bool hpack_decoder::decode(bytes_view block, std::vector<hpack_field>& out) {
  auto const text = [](std::uint8_t const* bytes, std::size_t size) {
    return std::string{reinterpret_cast<char const*>(bytes), size};
  };
  auto const* at = reinterpret_cast<std::uint8_t const*>(block.data());
  std::size_t left = block.size();
  for (;;) {
    nghttp2_nv field;
    int flags = 0;
    auto const taken = nghttp2_hd_inflate_hd2(impl_->native, &field, &flags, at, left, 1);
    if (taken < 0) return false;
    at += taken;
    left -= static_cast<std::size_t>(taken);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0)
      out.emplace_back(text(field.name, field.namelen), text(field.value, field.valuelen));
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    if (left == 0 && (flags & NGHTTP2_HD_INFLATE_EMIT) == 0) return false;
  }
  nghttp2_hd_inflate_end_headers(impl_->native);
  return left == 0;
}

}  // namespace sluice::http2
