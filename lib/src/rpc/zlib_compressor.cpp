// SPDX-License-Identifier: Apache-2.0
#include <sluice/rpc/compressor.hpp>

#include "wire/encoding.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

namespace sluice {
namespace {

constexpr std::size_t most = std::numeric_limits<uInt>::max();

// zlib writes through neither of its input's pointers.
Bytef* bytes_of(bytes_view from) noexcept {
  return const_cast<Bytef*>(reinterpret_cast<Bytef const*>(from.data()));
}
Bytef* bytes_of(std::span<std::byte> to) noexcept { return reinterpret_cast<Bytef*>(to.data()); }

class deflater {
 public:
  deflater(int window_bits, int level) {
    constexpr int default_memory = 8;
    if (deflateInit2(&stream_, level, Z_DEFLATED, window_bits, default_memory, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc{};
  }
  deflater(deflater const&) = delete;
  deflater& operator=(deflater const&) = delete;
  ~deflater() { deflateEnd(&stream_); }

  bool run(bytes_view from, buffer& to) {
    if (from.size() > most) return false;
    deflateReset(&stream_);
    std::size_t const bound = deflateBound(&stream_, static_cast<uLong>(from.size()));
    if (bound > most) return false;
    stream_.next_in = bytes_of(from);
    stream_.avail_in = static_cast<uInt>(from.size());
    stream_.next_out = bytes_of(to.prepare(bound));
    stream_.avail_out = static_cast<uInt>(bound);
    if (deflate(&stream_, Z_FINISH) != Z_STREAM_END) return false;
    to.commit(bound - stream_.avail_out);
    return true;
  }

 private:
  z_stream stream_{};
};

/// Inflates into memory of the right size where that is known or guessed well, and otherwise measures first: never more
/// than the limit is allocated, and nothing is copied.
class inflater {
 public:
  explicit inflater(int window_bits) {
    if (inflateInit2(&stream_, window_bits) != Z_OK) throw std::bad_alloc{};
  }
  inflater(inflater const&) = delete;
  inflater& operator=(inflater const&) = delete;
  ~inflater() { inflateEnd(&stream_); }

  errc run(bytes_view from, buffer& to, std::size_t guess, std::size_t limit) {
    if (from.empty() || from.size() > most) return errc::malformed_compression;
    limit = std::min(limit, most - 1);
    guess = std::min(guess, limit);
    begin(from);
    progress how = progress::full;
    if (guess != 0) how = step(room_in(to, guess));
    if (how == progress::broken) return errc::malformed_compression;
    std::size_t total = guess - (guess == 0 ? 0 : stream_.avail_out);
    if (how == progress::full) {
      how = measure(total, limit);
      if (how == progress::full) return errc::message_too_large;
      if (how == progress::broken) return errc::malformed_compression;
      if (total != guess) return again(from, to, total);
    }
    to.commit(total);
    return errc::ok;
  }

 private:
  enum class progress : std::uint8_t { whole, full, broken };

  // A smaller one is not kept beside the larger one.
  static std::span<std::byte> room_in(buffer& to, std::size_t size) {
    if (to.capacity() < size) to.release();
    return to.prepare(size);
  }
  void begin(bytes_view from) noexcept {
    inflateReset(&stream_);
    stream_.next_in = bytes_of(from);
    stream_.avail_in = static_cast<uInt>(from.size());
  }
  progress step(std::span<std::byte> room) noexcept {
    stream_.next_out = bytes_of(room);
    stream_.avail_out = static_cast<uInt>(room.size());
    int const said = inflate(&stream_, Z_NO_FLUSH);
    if (said == Z_STREAM_END) return stream_.avail_in == 0 ? progress::whole : progress::broken;
    if (said != Z_OK && said != Z_BUF_ERROR) return progress::broken;
    return stream_.avail_out == 0 ? progress::full : progress::broken;  // broken: cut off
  }
  // full: more than the limit.
  progress measure(std::size_t& total, std::size_t limit) noexcept {
    std::array<std::byte, 8 * 1024> scratch;
    for (;;) {
      progress const how = step(scratch);
      if (how == progress::broken) return how;
      total += scratch.size() - stream_.avail_out;
      if (total > limit) return progress::full;
      if (how == progress::whole) return how;
    }
  }
  errc again(bytes_view from, buffer& to, std::size_t size) {
    to.clear();
    begin(from);
    if (step(room_in(to, size)) == progress::broken) return errc::malformed_compression;
    to.commit(size);
    return errc::ok;
  }

  z_stream stream_{};
};

class zlib_compressor : public compressor {
 public:
  zlib_compressor(std::string_view name, int window_bits, int level) noexcept
      : name_{name}, window_bits_{window_bits}, level_{std::clamp(level, Z_BEST_SPEED, Z_BEST_COMPRESSION)} {}

  std::string_view name() const noexcept final { return name_; }
  bool compress(bytes_view from, buffer& to) final {
    if (!deflater_) deflater_ = std::make_unique<deflater>(window_bits_, level_);
    return deflater_->run(from, to);
  }
  errc decompress(bytes_view from, buffer& to, std::size_t limit) final {
    if (!inflater_) inflater_ = std::make_unique<inflater>(window_bits_);
    return inflater_->run(from, to, guess(from, limit), limit);
  }

 private:
  [[nodiscard]] virtual std::size_t guess(bytes_view from, std::size_t limit) const noexcept = 0;

  std::string_view name_;
  int window_bits_;
  int level_;
  std::unique_ptr<deflater> deflater_;
  std::unique_ptr<inflater> inflater_;
};

class gzip final : public zlib_compressor {
 public:
  explicit gzip(int level) noexcept : zlib_compressor{wire::encoding_gzip, gzip_format + MAX_WBITS, level} {}

 private:
  static constexpr int gzip_format = 16;
  static constexpr std::size_t smallest = 18;  // header and trailer
  static constexpr std::size_t largest_ratio = 1032;  // that deflate can reach

  // The trailer says how much comes out. It is a hint; what it says wrongly costs a second pass, or is found out.
  std::size_t guess(bytes_view from, std::size_t limit) const noexcept override {
    if (from.size() < smallest) return 0;
    auto const at = [tail = from.last<4>()](std::size_t i) { return std::to_integer<std::size_t>(tail[i]); };
    std::size_t const said = at(0) | at(1) << 8 | at(2) << 16 | at(3) << 24;
    return said <= limit && said / largest_ratio <= from.size() ? said : 0;
  }
};

class zlib final : public zlib_compressor {
 public:
  explicit zlib(int level) noexcept : zlib_compressor{wire::encoding_deflate, MAX_WBITS, level} {}

 private:
  std::size_t guess(bytes_view from, std::size_t limit) const noexcept override {
    constexpr std::size_t usual_ratio = 8;
    return std::min(limit, from.size() * usual_ratio);
  }
};

}  // namespace

std::unique_ptr<compressor> gzip_compressor(int level) { return std::make_unique<gzip>(level); }
std::unique_ptr<compressor> deflate_compressor(int level) { return std::make_unique<zlib>(level); }

}  // namespace sluice
