// SPDX-License-Identifier: Apache-2.0
#include <sluice/rpc/compressor.hpp>

#include "wire/encoding.hpp"

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <new>

namespace sluice {
namespace {

struct free_context {
  void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

template <class Context>
Context& existing(std::unique_ptr<Context, free_context>& context, Context* (*make)()) {
  if (!context) context.reset(make());
  if (!context) throw std::bad_alloc{};
  return *context;
}

/// Decompresses in one pass, where the output is the window: a frame cannot ask for a window of its own.
class zstd final : public compressor {
 public:
  explicit zstd(int level) noexcept : level_{std::clamp(level, 1, 19)} {}

  std::string_view name() const noexcept override { return wire::encoding_zstd; }

  bool compress(bytes_view from, buffer& to) override {
    auto const room = to.prepare(ZSTD_compressBound(from.size()));
    std::size_t const size = ZSTD_compressCCtx(&existing(packing_, &ZSTD_createCCtx), room.data(),
                                               room.size(), from.data(), from.size(), level_);
    if (ZSTD_isError(size) != 0) return false;
    to.commit(size);
    return true;
  }

  errc decompress(bytes_view from, buffer& to, std::size_t limit) override {
    // One frame, and nothing behind it.
    if (ZSTD_findFrameCompressedSize(from.data(), from.size()) != from.size())
      return errc::malformed_compression;
    auto const said = ZSTD_getFrameContentSize(from.data(), from.size());
    if (said == ZSTD_CONTENTSIZE_ERROR) return errc::malformed_compression;
    if (said != ZSTD_CONTENTSIZE_UNKNOWN) {
      if (said > limit) return errc::message_too_large;
      return unpack(from, to, static_cast<std::size_t>(said)) == result::done ? errc::ok
                                                                              : errc::malformed_compression;
    }
    constexpr std::size_t usual_ratio = 8;
    constexpr std::size_t growth = 4;
    for (std::size_t room = std::min(limit, from.size() * usual_ratio);;
         room = std::min(limit, room * growth)) {
      switch (unpack(from, to, room)) {
        case result::done: return errc::ok;
        case result::broken: return errc::malformed_compression;
        case result::no_room: break;
      }
      if (room == limit) return errc::message_too_large;
    }
  }

 private:
  enum class result : std::uint8_t { done, no_room, broken };

  result unpack(bytes_view from, buffer& to, std::size_t room) {
    to.clear();
    if (to.capacity() < room) to.release();  // the smaller one is not kept beside the larger one
    auto const into = to.prepare(std::max<std::size_t>(room, 1));
    std::size_t const size = ZSTD_decompressDCtx(&existing(unpacking_, &ZSTD_createDCtx), into.data(), room,
                                                 from.data(), from.size());
    if (ZSTD_isError(size) != 0)
      return ZSTD_getErrorCode(size) == ZSTD_error_dstSize_tooSmall ? result::no_room : result::broken;
    to.commit(size);
    return result::done;
  }

  int level_;
  std::unique_ptr<ZSTD_CCtx, free_context> packing_;
  std::unique_ptr<ZSTD_DCtx, free_context> unpacking_;
};

}  // namespace

std::unique_ptr<compressor> zstd_compressor(int level) { return std::make_unique<zstd>(level); }

}  // namespace sluice
