// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http2/received_list.hpp"
#include "http2/side.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::http2 {

/// Judges what is received on one stream as an HTTP message (RFC 9113, 8.1 to 8.3): its lists, and the length of its content.
/// What is malformed once stays it: the stream is to be reset.
class message_check {
 public:
  /// `first`: no list was received on the stream before.
  void begin_list(side receiver, bool first) noexcept {
    bool const final_response = receiver == side::client && (seen_ & seen::expects_final) != 0;
    if (!first && !final_response) seen_ |= seen::trailers;
  }
  /// Drops from the list what is not to be handed on.
  void take(received_list& list) {
    if ((seen_ & list.rule.forbidden_after) != 0) seen_ |= seen::wrong;
    seen_ |= list.rule.adds;
    if ((list.rule.adds & seen::length) != 0) [[unlikely]]
      take_lengths(list);
  }
  // Each: false when the message is malformed.
  [[nodiscard]] bool end_list(side receiver, bool end_stream) noexcept;
  [[nodiscard]] bool take_data(std::size_t size) noexcept;
  [[nodiscard]] bool end() noexcept;

  [[nodiscard]] bool wrong() const noexcept { return (seen_ & seen::wrong) != 0; }

 private:
  void take_lengths(received_list& list);
  [[nodiscard]] bool take_length(std::string_view value) noexcept;
  [[nodiscard]] bool good_request() noexcept;
  [[nodiscard]] bool good_response() noexcept;
  [[nodiscard]] bool judge(bool good) noexcept {
    if (!good) seen_ |= seen::wrong;
    return !wrong();
  }

  static constexpr std::int64_t unknown = -1;
  std::uint32_t seen_ = seen::anything;
  std::int64_t length_ = unknown;  // of the content, as its sender says
  std::int64_t received_ = 0;
};

}  // namespace sluice::http2
