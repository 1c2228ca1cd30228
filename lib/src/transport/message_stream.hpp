// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>
#include <sluice/core/errc.hpp>

#include "transport/stream.hpp"
#include "wire/frame.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace sluice::transport {

/// A stream of gRPC messages: the five-byte framing both ways, their size limits, and the receive window.
///
/// The window opens as the reader takes messages: bytes that nobody reads yet are withheld, so a slow reader slows its
/// peer. While the reader waits, what arrives is the reader's already and the window opens at once; for a message larger than
/// the window, it grows to four times the message's size.
class message_stream : public stream {
 public:
  enum class received : std::uint8_t { message, pending, end, broken };

  void limit_messages(std::size_t receive, std::size_t send) noexcept {
    messages_.reset(receive);
    send_limit_ = static_cast<std::uint32_t>(std::min<std::size_t>(send, largest_message));
  }

  [[nodiscard]] std::size_t receive_limit() const noexcept { return messages_.limit(); }

  /// The next message, viewed until the next call. `end`: the peer has ended its direction in good order. `broken`: see
  /// receive_error.
  [[nodiscard]] received next_message(bytes_view& message);
  /// next_message would not say `pending`.
  [[nodiscard]] bool readable() const noexcept { return messages_.ready() || peer_ended_; }
  [[nodiscard]] errc receive_error() const noexcept { return receive_error_; }
  /// What is wrong with the next message, as far as its prefix tells before it is there whole.
  [[nodiscard]] errc announced_error() const noexcept { return messages_.announced_error(); }
  /// From now on a message may have its compressed flag set; before, that breaks the stream.
  void allow_compressed() noexcept { compressed_allowed_ = true; }
  /// Of the message that next_message gave last.
  [[nodiscard]] bool message_compressed() const noexcept { return message_compressed_; }
  /// What next_message gave cannot be read.
  void break_off(errc why) noexcept { receive_error_ = why; }
  /// A message is there whole, and bytes behind it.
  [[nodiscard]] bool more_than_one() const noexcept { return messages_.more_than_one(); }
  /// Bytes of a further message are there.
  [[nodiscard]] bool more_follows() const noexcept { return messages_.partial(); }
  /// Somebody waits for the next message (until it is there).
  void set_reading(bool reading);
  [[nodiscard]] bool peer_ended() const noexcept { return peer_ended_; }

  /// Room for a message; without data() when it exceeds the limit.
  [[nodiscard]] std::span<std::byte> begin_frame(std::size_t size);
  void end_frame() { commit(wire::frame_prefix_size + message_size_); }
  /// A message's size is within the limit.
  [[nodiscard]] bool may_send(std::size_t size) const noexcept { return size <= send_limit_; }
  /// A whole message, whose size before compression may_send has let pass.
  void send_message(bytes_view bytes, bool compressed);

 protected:
  message_stream() noexcept = default;
  ~message_stream() = default;

  void take_data(bytes_view bytes);
  void take_end() noexcept { peer_ended_ = true; }

 private:
  void open_window();
  void give_back(std::uint32_t bytes);

  static constexpr std::uint32_t largest_message = std::numeric_limits<std::uint32_t>::max();

  // No stream's window, and no message, is larger than 32 bits count.
  wire::deframer messages_;
  std::uint32_t send_limit_ = largest_message;
  std::uint32_t message_size_ = 0;  // that is being written
  std::uint32_t withheld_ = 0;  // received bytes that nobody has taken: the peer has no window back for them
  std::uint32_t taken_ = 0;  // taken since the session was told
  std::uint32_t widest_ = 32 * 1024;  // message so far, among those worth a look at the window
  errc receive_error_ = errc::ok;
  bool reading_ = false;
  bool compressed_allowed_ = false;
  bool message_compressed_ = false;
  bool peer_ended_ = false;
};

}  // namespace sluice::transport
