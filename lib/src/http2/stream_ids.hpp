// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
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

/// The streams whose sender ended or reset them last. It may send no more DATA or HEADERS there (RFC 9113, 5.1), and
/// nghttp2, which forgets a stream that is over, passes over that.
class ended_ids {
 public:
  ended_ids() noexcept { latest_.fill(-1); }
  void add(std::int32_t id) noexcept {
    if (contain(id)) return;
    latest_[next_++ % latest_.size()] = id;
    highest_ = std::max(highest_, id);
  }
  [[nodiscard]] bool contain(std::int32_t id) const noexcept {
    return id <= highest_ && std::find(latest_.begin(), latest_.end(), id) != latest_.end();
  }
  /// Forgets `id`. False: it is not there.
  [[nodiscard]] bool take(std::int32_t id) noexcept {
    if (id > highest_) return false;
    auto const found = std::find(latest_.begin(), latest_.end(), id);
    if (found == latest_.end()) return false;
    *found = -1;
    return true;
  }

 private:
  std::array<std::int32_t, 8> latest_{};
  std::int32_t highest_ = -1;  // that was ever added: nearly always a stream is above it
  std::size_t next_ = 0;
};

}  // namespace sluice::http2
