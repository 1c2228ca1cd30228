// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice::http2 {

/// The stream ids that a client opens, in the order of its HEADERS. Opening a stream closes the idle ones below it (RFC
/// 9113, 5.1.1), and HEADERS on one of those is an error that nghttp2 passes over. It remembers the latest gaps only: an
/// older one makes no harm, its HEADERS are ignored.
class stream_ids {
 public:
  enum class verdict : std::uint8_t { opens, known, skipped };

  /// HEADERS came on `id`.
  [[nodiscard]] verdict headers_on(std::int32_t id) noexcept {
    if (id > last_) {
      if (id > last_ + 2) gaps_[next_++ % gaps_.size()] = {last_, id};
      last_ = id;
      return verdict::opens;
    }
    for (auto const& gap : gaps_)
      if (id > gap.above && id < gap.below) return verdict::skipped;
    return verdict::known;
  }

 private:
  struct gap {
    std::int32_t above = 0;
    std::int32_t below = 0;
  };
  std::int32_t last_ = -1;
  std::array<gap, 16> gaps_{};
  std::size_t next_ = 0;
};

}  // namespace sluice::http2
