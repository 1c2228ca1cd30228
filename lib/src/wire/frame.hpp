// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>
#include <sluice/core/errc.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace sluice::wire {

/// A gRPC message on the wire:
///
///     +------+---------------------------+---------------- - -
///     | flag | length, 32 bits big-endian | payload
///     +------+---------------------------+---------------- - -
///
/// The flag says "compressed"; what that means is the caller's business.
inline constexpr std::size_t frame_prefix_size = 5;
inline constexpr std::size_t default_message_limit = std::size_t{4} * 1024 * 1024;

/// Writes frame_prefix_size bytes.
void write_frame_prefix(std::byte* to, std::uint8_t flag, std::uint32_t length) noexcept;

struct frame_view {
  std::uint8_t flag;
  bytes_view payload;
};

/// Cuts a stream of bytes, which arrives in pieces of any size, into messages.
///
/// Memory follows the bytes that arrived, not the length that a prefix announces: room for a whole message is made when a
/// sixteenth of it is there. Both errors (message_too_large,
/// bad_message_flag) are known from the prefix alone; after one the deframer holds nothing, drops what it is given, and
/// `next` repeats the error.
class deframer {
 public:
  /// `limit` is the largest payload, in bytes.
  explicit deframer(std::size_t limit = default_message_limit) noexcept : limit_{clamped(limit)} {}

  /// Appends a copy of received bytes. Invalidates earlier views.
  void push(bytes_view bytes);
  /// ok with a view of the next complete message, which holds until the next push, next, release or reset; ok with
  /// nothing when more bytes are needed.
  [[nodiscard]] errc next(std::optional<frame_view>& out) noexcept {
    out.reset();
    bytes_view const held = held_.view();
    if (held.size() < frame_prefix_size) return error_;
    prefix const p = read_prefix(held);
    if (errc const wrong = check(p); wrong != errc::ok) return fail(wrong);
    if (held.size() - frame_prefix_size < p.length) return errc::ok;
    out.emplace(frame_view{p.flag, held.subspan(frame_prefix_size, p.length)});
    held_.consume(frame_prefix_size + p.length);  // the bytes stay in place until the buffer is written again
    return errc::ok;
  }

  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
  /// `next` would give a message, or an error.
  [[nodiscard]] bool ready() const noexcept;
  /// `next` would give a message, and bytes are held behind it.
  [[nodiscard]] bool more_than_one() const noexcept;
  /// The error that `next` would give, without taking anything.
  [[nodiscard]] errc announced_error() const noexcept;
  /// Bytes of the message whose prefix is held and which is not complete, with the prefix; 0: there is none.
  [[nodiscard]] std::size_t awaited() const noexcept;
  /// Nothing is held: the stream may end here.
  [[nodiscard]] bool empty() const noexcept { return held_.empty(); }
  /// Bytes are held: an end of stream now is truncated_message (once `next` has no more to give).
  [[nodiscard]] bool partial() const noexcept { return !held_.empty(); }
  [[nodiscard]] std::size_t buffered() const noexcept { return held_.size(); }
  /// Bytes of memory owned, for budgets.
  [[nodiscard]] std::size_t held_memory() const noexcept { return held_.capacity(); }
  /// Gives memory back when nothing is held.
  void release() noexcept;
  /// Begins anew for another stream, keeping the memory.
  void reset(std::size_t limit) noexcept;

 private:
  struct prefix {
    std::uint8_t flag;
    std::size_t length;
  };
  static prefix read_prefix(bytes_view bytes) noexcept {
    auto const at = [bytes](std::size_t i) { return std::to_integer<std::uint32_t>(bytes[i]); };
    return {std::to_integer<std::uint8_t>(bytes[0]), at(1) << 24 | at(2) << 16 | at(3) << 8 | at(4)};
  }
  [[nodiscard]] errc check(prefix const& p) const noexcept {
    if (p.flag > 1) return errc::bad_message_flag;
    return p.length > limit_ ? errc::message_too_large : errc::ok;
  }
  errc fail(errc why) noexcept;
  static std::uint32_t clamped(std::size_t limit) noexcept {  // no length is larger
    return static_cast<std::uint32_t>(std::min<std::size_t>(limit, 0xffff'ffff));
  }
  void make_room(std::size_t bytes);

  buffer held_;
  std::uint32_t limit_;
  errc error_ = errc::ok;
};

}  // namespace sluice::wire
