// SPDX-License-Identifier: Apache-2.0
#include "transport/message_stream.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

namespace sluice::transport {

void message_stream::take_data(bytes_view bytes) {
  messages_.push(bytes);
  withheld_ += static_cast<std::uint32_t>(bytes.size());
  if (reading_) open_window();
}

void message_stream::set_reading(bool reading) {
  reading_ = reading;
  if (reading) open_window();
}

void message_stream::open_window() {
  // So that the peer need not wait inside a large message. What the window grows by is room that the reader asked for.
  if (std::size_t const size = messages_.awaited(); size > widest_) {
    widest_ = static_cast<std::uint32_t>(std::min<std::size_t>(size, largest_message));
    widen_window(4 * size);  // for the next ones, too, that come while this one is read
  }
  consume(std::size_t{std::exchange(taken_, 0)} + std::exchange(withheld_, 0));
}

// Small messages are accounted for together; before the reader waits for more, the session knows of all of them.
void message_stream::give_back(std::uint32_t bytes) {
  constexpr std::uint32_t worth_telling = 4 * 1024;
  taken_ += bytes;
  if (taken_ >= worth_telling) consume(std::exchange(taken_, 0));
}

message_stream::received message_stream::next_message(bytes_view& message) {
  if (receive_error_ != errc::ok) return received::broken;
  std::optional<wire::frame_view> frame;
  receive_error_ = messages_.next(frame);
  if (frame && frame->flag != 0 && !compressed_allowed_) receive_error_ = errc::compressed_without_encoding;
  if (receive_error_ != errc::ok) return received::broken;
  if (frame) {
    message = frame->payload;
    message_compressed_ = frame->flag != 0;
    // What is buffered behind this message stays withheld until it is asked for.
    auto const taken = static_cast<std::uint32_t>(
        std::min<std::size_t>(withheld_, wire::frame_prefix_size + message.size()));
    withheld_ -= taken;
    give_back(taken);
    return received::message;
  }
  if (peer_ended_) {
    if (messages_.empty()) {
      messages_.release();
      return received::end;
    }
    receive_error_ = errc::truncated_message;
    return received::broken;
  }
  messages_.release();
  consume(std::exchange(taken_, 0));
  return received::pending;
}

std::span<std::byte> message_stream::begin_frame(std::size_t size) {
  if (!may_send(size)) return {};
  auto const room = prepare(wire::frame_prefix_size + size);
  message_size_ = static_cast<std::uint32_t>(size);
  wire::write_frame_prefix(room.data(), 0, message_size_);
  return room.subspan(wire::frame_prefix_size);
}

void message_stream::send_message(bytes_view bytes, bool compressed) {
  std::size_t const size = wire::frame_prefix_size + bytes.size();
  auto const room = prepare(size);
  wire::write_frame_prefix(room.data(), compressed ? 1 : 0, static_cast<std::uint32_t>(bytes.size()));
  std::ranges::copy(bytes, room.begin() + wire::frame_prefix_size);
  commit(size);
}

}  // namespace sluice::transport
