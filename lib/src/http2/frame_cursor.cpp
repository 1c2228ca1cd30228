// SPDX-License-Identifier: Apache-2.0
#include "http2/frame_cursor.hpp"

#include "http2/frame_types.hpp"

#include <algorithm>

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

frame_head read_frame_head(bytes_view bytes) noexcept { return parse(bytes.data()); }

void write_frame_head(frame_head const& head, std::byte* to) noexcept {
  put_number(to, head.length << 8U | head.type);
  to[4] = std::byte{head.flags};
  put_number(to + 5, static_cast<std::uint32_t>(head.stream));
}

bool frame_cursor::next(bytes_view& rest, frame_head& head) noexcept {
  std::size_t const skipped = std::min(payload_left_, rest.size());
  rest = rest.subspan(skipped);
  payload_left_ -= skipped;
  if (payload_left_ != 0) return false;
  std::size_t read = 0;  // of the payload
  if (have_ == 0 && rest.size() >= head_size && type_of(rest.data()) != frames::priority) {
    head = parse(rest.data());
    rest = rest.subspan(head_size);
  } else {
    if (!collect(rest, head_size)) return false;
    head = parse(partial_.data());
    if (head.type == frames::priority && head.length >= dependency_size) {
      if (!collect(rest, head_size + dependency_size)) return false;
      head.dependency = stream_id(partial_.data() + head_size);
      read = dependency_size;
    }
    have_ = 0;
  }
  payload_left_ = head.length - read;
  note_block(head);
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

void frame_cursor::note_block(frame_head const& head) noexcept {
  bool const begins = head.type == frames::headers || head.type == frames::push_promise;
  if (begins) {
    ++blocks_;
    continuations_ = 0;
  } else if (head.type == frames::continuation) {
    ++continuations_;
  }
  block_open_ = begins || head.type == frames::continuation;
  block_ends_ = (head.flags & frames::end_headers) != 0;
}

}  // namespace sluice::http2
