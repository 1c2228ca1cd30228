// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>

#include "http2/frame_cursor.hpp"
#include "http2/token_bucket.hpp"

#include <cstdint>
#include <string_view>

namespace sluice::http2 {

/// What a peer did that an honest one does seldom.
enum class offence : std::uint8_t {
  none,
  empty_data,     ///< without END_STREAM
  priority,
  unknown_frame,
  settings,       ///< after the first ten
  window_update,  ///< beyond 5 + 2 × (streams opened + 10 × DATA frames sent)
  headers,        ///< beyond two header lists for each stream: informational responses
  reset,          ///< beyond one for each stream
  ping,           ///< to a client that sent nothing for its calls since the last one
  ping_answer,    ///< to no ping
  goaway,         ///< after the first ten
  stream_error,   ///< a stream that we had to reset
  refused_stream,
};
[[nodiscard]] std::string_view to_string(offence what) noexcept;

/// Judges a peer's frames by what they are good for, and keeps the budget that those without use are taken from. Each is
/// legal; the sum is the attack (CVE-2019-9513, 9518, CVE-2025-8671).
class abuse_budget {
 public:
  abuse_budget(std::uint32_t burst, std::uint32_t per_second) noexcept : tokens_{burst, per_second} {}

  // What makes the peer's frames worth while.
  void stream_opened() noexcept { ++streams_; }
  void data_sent() noexcept { ++data_sent_; }
  void ping_sent() noexcept { ++pings_sent_; }

  [[nodiscard]] offence judge(frame_head const& received) noexcept;
  /// Pays for one offence. False: the budget is empty.
  [[nodiscard]] bool pay(time_point now) noexcept { return tokens_.take(now); }

 private:
  token_bucket tokens_;
  std::uint64_t streams_ = 0;
  std::uint64_t data_sent_ = 0;
  std::uint64_t pings_sent_ = 0;
  std::uint64_t settings_ = 0;
  std::uint64_t window_updates_ = 0;
  std::uint64_t header_lists_ = 0;
  std::uint64_t resets_ = 0;
  std::uint64_t ping_answers_ = 0;
  std::uint64_t goaways_ = 0;
};

}  // namespace sluice::http2
