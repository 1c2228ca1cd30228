// SPDX-License-Identifier: Apache-2.0
#include "http2/frame_cursor.hpp"

#include "http2/frame_types.hpp"

#include <algorithm>
#include <utility>

namespace sluice::http2 {
namespace {

// Written out, as the compiler then sees one load.
constexpr std::uint32_t number(std::byte const* at) noexcept {
  auto const byte = [at](std::size_t i) { return std::to_integer<std::uint32_t>(at[i]); };
  return byte(0) << 24U | byte(1) << 16U | byte(2) << 8U | byte(3);
}

constexpr void put_number(std::byte* to, std::uint32_t value) noexcept {
  to[0] = static_cast<std::byte>(value >> 24U);
  to[1] = static_cast<std::byte>(value >> 16U);
  to[2] = static_cast<std::byte>(value >> 8U);
  to[3] = static_cast<std::byte>(value);
}

constexpr std::uint8_t type_of(std::byte const* head) noexcept {
  return std::to_integer<std::uint8_t>(head[3]);
}

constexpr std::int32_t stream_id(std::byte const* at) noexcept {
  return static_cast<std::int32_t>(number(at) & 0x7fffffffU);
}

constexpr frame_head parse(std::byte const* at) noexcept {
  return {.length = number(at) >> 8U,
          .type = type_of(at),
          .flags = std::to_integer<std::uint8_t>(at[4]),
          .stream = stream_id(at + 5)};
}

}  // namespace

goaway_content read_goaway(bytes_view payload) noexcept {
  return {stream_id(payload.data()), number(payload.data() + 4), as_text(payload.subspan(goaway_size))};
}

frame_head read_frame_head(bytes_view bytes) noexcept { return parse(bytes.data()); }

void write_frame_head(frame_head const& head, std::byte* to) noexcept {
  put_number(to, head.length << 8U | head.type);
  to[4] = std::byte{head.flags};
  put_number(to + 5, static_cast<std::uint32_t>(head.stream));
}

bool frame_cursor::next(bytes_view& rest, frame_part& part) {
  if (rest.empty()) return false;
  part.begins = part.block_ends = false;
  part.error = errors::none;
  part.raw = part.bare = part.goaway = {};
  if (payload_left_ != 0) return take_payload(rest, part);
  std::byte const* const from = rest.data();
  if (!take_head(rest, part)) return false;
  gathers_ = what_to_gather(part);
  if (part.error != errors::none) return true;
  std::size_t const size = std::min(payload_left_, rest.size());
  if (gathers_ != gathered::nothing) {
    if (size != payload_left_) {  // nothing of it is taken yet
      current_ = part.head;
      have_ = 0;
      payload_.clear();
      return true;
    }
    take_gathered(rest.first(size), part);
  } else if (have_ != 0) {  // the head alone, as it stands elsewhere
    part.raw = bytes_view{partial_}.first(std::exchange(have_, 0));
    return true;
  } else {
    part.raw = {from, head_size + size};
  }
  have_ = 0;
  rest = rest.subspan(size);
  payload_left_ -= size;
  return true;
}

bool frame_cursor::take_head(bytes_view& rest, frame_part& part) noexcept {
  if (have_ == 0 && rest.size() >= head_size && type_of(rest.data()) != frames::priority) {
    part.head = parse(rest.data());
    rest = rest.subspan(head_size);
    payload_left_ = part.head.length;
  } else {
    if (!collect(rest, head_size)) return false;
    part.head = parse(partial_.data());
    payload_left_ = part.head.length;
    if (part.head.type == frames::priority && payload_left_ >= dependency_size) {
      payload_left_ = 0;
      if (!collect(rest, head_size + dependency_size)) return false;
      part.head.dependency = stream_id(partial_.data() + head_size);
      payload_left_ = part.head.length - dependency_size;
    }
  }
  part.begins = true;
  return true;
}

bool frame_cursor::collect(bytes_view& rest, std::size_t wanted) noexcept {
  if (have_ >= wanted) return true;
  std::size_t const more = std::min(wanted - have_, rest.size());
  std::copy_n(rest.begin(), more, partial_.begin() + static_cast<std::ptrdiff_t>(have_));
  rest = rest.subspan(more);
  have_ += more;
  return have_ == wanted;
}

frame_cursor::gathered frame_cursor::what_to_gather(frame_part& part) noexcept {
  bool const fits = part.head.length <= frames::largest_payload;
  if (block_open_) {
    bool const goes_on = part.head.type == frames::continuation && part.head.stream == block_stream_;
    if (goes_on && fits) return gathered::fragment;
    fail(part, goes_on ? errors::frame_size : errors::protocol,
         goes_on ? "CONTINUATION: larger than allowed" : "a frame inside a header block of another");
    return gathered::nothing;
  }
  bool const leaves = part.head.type == frames::goaway && part.head.stream == 0;
  if (leaves && fits && part.head.length >= goaway_size) return gathered::goaway;
  if (part.head.type != frames::headers || part.head.stream == 0 || !fits) return gathered::nothing;
  block_stream_ = part.head.stream;
  block_open_ = true;
  ++blocks_;
  return gathered::fragment;
}

bool frame_cursor::take_payload(bytes_view& rest, frame_part& part) {
  auto const piece = rest.first(std::min(payload_left_, rest.size()));
  rest = rest.subspan(piece.size());
  payload_left_ -= piece.size();
  if (gathers_ == gathered::nothing) {
    part.raw = piece;
    return true;
  }
  payload_.insert(payload_.end(), piece.begin(), piece.end());
  if (payload_left_ != 0) return false;
  part.head = current_;
  take_gathered(payload_, part);
  return true;
}

void frame_cursor::take_gathered(bytes_view payload, frame_part& part) {
  if (gathers_ == gathered::fragment) return take_fragment(payload, part);
  part.goaway = payload;
  write_frame_head(part.head, bare_.data());
  part.bare = bytes_view{bare_}.first(head_size);
}

void frame_cursor::take_fragment(bytes_view payload, frame_part& part) {
  bool const begins = part.head.type == frames::headers;
  if (begins) block_.clear();
  if (!strip(payload, part)) return;
  if (block_.size() + payload.size() > largest_block_)
    return fail(part, errors::protocol, "header list far above the limit");
  block_open_ = (part.head.flags & frames::end_headers) == 0;
  if (block_open_ || !begins) block_.insert(block_.end(), payload.begin(), payload.end());
  part.block_ends = !block_open_;
  if (part.block_ends) part.block = begins ? payload : bytes_view{block_};
}

// Takes off what stands round the block's bytes, and keeps what nghttp2 is to see of the frame.
bool frame_cursor::strip(bytes_view& payload, frame_part& part) noexcept {
  std::size_t size = head_size;
  if (part.head.type == frames::headers &&
      (part.head.flags & (frames::padded | frames::with_priority)) != 0) {
    if (!strip_padding(payload, part) || !strip_priority(payload, part, size)) return false;
  }
  write_frame_head({.length = static_cast<std::uint32_t>(size - head_size),
                    .type = part.head.type,
                    .flags = static_cast<std::uint8_t>(part.head.flags & ~unsigned{frames::padded}),
                    .stream = part.head.stream},
                   bare_.data());
  part.bare = bytes_view{bare_}.first(size);
  return true;
}

bool frame_cursor::strip_padding(bytes_view& payload, frame_part& part) noexcept {
  if ((part.head.flags & frames::padded) == 0) return true;
  std::size_t const padding = payload.empty() ? 0 : 1 + std::to_integer<std::size_t>(payload.front());
  if (padding == 0 || padding > payload.size()) {
    fail(part, errors::protocol, "HEADERS: more padding than payload");
    return false;
  }
  payload = payload.subspan(1, payload.size() - padding);
  return true;
}

bool frame_cursor::strip_priority(bytes_view& payload, frame_part& part, std::size_t& size) noexcept {
  if ((part.head.flags & frames::with_priority) == 0) return true;
  if (payload.size() < priority_size) {
    fail(part, errors::frame_size, "HEADERS: too short for a priority");
    return false;
  }
  std::copy_n(payload.begin(), priority_size, bare_.begin() + head_size);
  payload = payload.subspan(priority_size);
  size += priority_size;
  return true;
}

void frame_cursor::free_pieces() noexcept {
  std::vector<std::byte>{}.swap(payload_);
  std::vector<std::byte>{}.swap(block_);
}

void frame_cursor::fail(frame_part& part, std::uint32_t error, std::string_view violation) noexcept {
  part.error = error;
  part.violation = violation;
}

}  // namespace sluice::http2
