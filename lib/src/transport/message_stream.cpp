// SPDX-License-Identifier: Apache-2.0
#include "transport/message_stream.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

namespace sluice::transport {

void message_stream::take_data(bytes_view bytes) {
  messages_.push(bytes);
  withheld_ += bytes.size();
  if (reading_) open_window();
}

void message_stream::set_reading(bool reading) {
  reading_ = reading;
  if (reading) open_window();
}

void message_stream::open_window() { consume(std::exchange(taken_, 0) + std::exchange(withheld_, 0)); }

// Small messages are accounted for together; before the reader waits for more, the session knows of all of them.
void message_stream::give_back(std::size_t bytes) {
  constexpr std::size_t worth_telling = 4 * 1024;
  taken_ += bytes;
  if (taken_ >= worth_telling) consume(std::exchange(taken_, 0));
}

message_stream::received message_stream::next_message(bytes_view& message) {
  if (receive_error_ != errc::ok) return received::broken;
  std::optional<wire::frame_view> frame;
  receive_error_ = messages_.next(frame);
  if (receive_error_ == errc::ok && frame && frame->flag != 0)
    receive_error_ = errc::compressed_without_encoding;
  if (receive_error_ != errc::ok) return received::broken;
  if (frame) {
    message = frame->payload;
    // What is buffered behind this message stays withheld until it is asked for.
    std::size_t const taken = std::min(withheld_, wire::frame_prefix_size + message.size());
    withheld_ -= taken;
    give_back(taken);
    return received::message;
  }
  if (peer_ended_) {
    if (messages_.empty()) return received::end;
    receive_error_ = errc::truncated_message;
    return received::broken;
  }
  messages_.release();
  consume(std::exchange(taken_, 0));
  return received::pending;
}

std::span<std::byte> message_stream::begin_frame(std::size_t size) {
  if (size > send_limit_ || size > std::numeric_limits<std::uint32_t>::max()) return {};
  frame_size_ = wire::frame_prefix_size + size;
  auto const room = prepare(frame_size_);
  wire::write_frame_prefix(room.data(), 0, static_cast<std::uint32_t>(size));
  return room.subspan(wire::frame_prefix_size);
}

}  // namespace sluice::transport
