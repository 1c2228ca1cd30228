// SPDX-License-Identifier: Apache-2.0
#include "reply_check.hpp"

#include <algorithm>
#include <string_view>

namespace bench {
namespace {

// RFC 7541 6.1: an indexed field is a byte with the first bit set; an index that fits into one byte is below
// 127.
bool all_indexed(std::span<std::uint8_t const> block) {
  return std::ranges::all_of(block, [](std::uint8_t byte) { return byte > 0x80 && byte < 0xff; });
}

std::string_view text(std::uint8_t const* begin, std::size_t size) {
  return {reinterpret_cast<char const*>(begin), size};
}

}  // namespace

reply_check::reply_check() { nghttp2_hd_inflate_new(&inflater_); }

reply_check::~reply_check() { nghttp2_hd_inflate_del(inflater_); }

reply_check::verdict reply_check::check(std::span<std::uint8_t const> block) {
  for (auto const& each : known_) {
    if (std::ranges::equal(each.block, block)) return each.meaning;
  }
  auto const meaning = decode(block);
  if (!all_indexed(block)) known_.clear();
  else known_.push_back({{block.begin(), block.end()}, meaning});
  return meaning;
}

reply_check::verdict reply_check::decode(std::span<std::uint8_t const> block) {
  std::string http_status;
  std::string grpc_status;
  std::string seen;
  for (;;) {
    nghttp2_nv field{};
    int flags = 0;
    auto const used = nghttp2_hd_inflate_hd2(inflater_, &field, &flags, block.data(), block.size(), 1);
    if (used < 0) {
      reason_ = std::string("HPACK: ") + nghttp2_strerror(static_cast<int>(used));
      return verdict::failed;
    }
    block = block.subspan(static_cast<std::size_t>(used));
    if (flags & NGHTTP2_HD_INFLATE_EMIT) {
      auto const name = text(field.name, field.namelen);
      auto const value = text(field.value, field.valuelen);
      if (name == ":status") http_status = value;
      if (name == "grpc-status") grpc_status = value;
      seen.append(name).append(": ").append(value).append("\n");
    }
    if (flags & NGHTTP2_HD_INFLATE_FINAL) break;
  }
  nghttp2_hd_inflate_end_headers(inflater_);
  if (http_status.empty() ? grpc_status == "0" : http_status == "200" && grpc_status == "0")
    return verdict::ok;
  if (http_status == "200" && grpc_status.empty()) return verdict::response_headers;
  reason_ = "a reply is not OK:\n" + seen;
  return verdict::failed;
}

}  // namespace bench
