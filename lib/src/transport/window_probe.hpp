// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>

#include "transport/stream.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace sluice::transport {

/// Finds the streams whose window is what holds up their peer (docs/design/0018): those on which a quarter of the window
/// comes between a PING and its answer. The peer may have more to send in a round trip than the window lets through.
///
///   taken -> begin -> (PING) -> came ... -> answered -> too_small
///
/// One stream of a connection is looked at at a time, and the next one when DATA has come behind the answer: a server
/// forgets the PINGs that it has counted when it sends DATA (gRFC A8). Before a look is a pause, which doubles with each
/// look in vain: at the stream, and in small at any.
class window_probe {
 public:
  /// Streams begin with a window of `initial` bytes, and end with one of `largest`.
  window_probe(std::size_t initial, std::size_t largest) noexcept
      : enough_{initial < largest ? initial / 2 : never}, largest_{largest} {}

  /// `by`'s reader has taken `bytes`. True: `begin` may have something to do.
  [[nodiscard]] bool taken(stream& by, std::size_t bytes) const noexcept {
    by.taken_ += static_cast<std::uint32_t>(bytes);
    return by.taken_ >= enough_ && may_begin_;
  }
  /// `of` has a window of so many bytes; 0: it needs none. True: send the PING.
  [[nodiscard]] bool begin(stream& of, std::size_t window, time_point now) noexcept;
  /// DATA of `on` has come.
  void came(stream const& on, std::size_t bytes) noexcept {
    if (!pinged_) may_begin_ = true;
    else if (of_ == &on) came_ += bytes;
  }
  /// The answer has come. False: to no question.
  [[nodiscard]] bool answered() noexcept { return std::exchange(pinged_, false); }
  /// Who was looked at; null: it has gone.
  [[nodiscard]] stream* looked_at() const noexcept { return of_; }
  /// Ends the look. True: that one's window, of so many bytes, is to be doubled.
  [[nodiscard]] bool too_small(std::size_t window) noexcept;
  void forget(stream const& gone) noexcept {
    if (of_ == &gone) of_ = nullptr;
  }

 private:
  static constexpr std::size_t never = static_cast<std::size_t>(-1);
  static constexpr duration shortest_pause = std::chrono::milliseconds{20};
  static constexpr std::uint8_t most_vain = 9;  // looks at one stream that count: up to 10 s
  static constexpr std::uint8_t most_vain_at_any = 5;  // 640 ms

  std::size_t enough_;
  std::size_t largest_;
  std::size_t came_ = 0;  // since the PING
  stream* of_ = nullptr;
  time_point began_ = time_point::min();
  std::uint8_t vain_looks_ = 0;  // at any
  bool pinged_ = false;
  bool may_begin_ = true;
};

}  // namespace sluice::transport
