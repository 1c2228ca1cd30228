// SPDX-License-Identifier: Apache-2.0
#include "http2/frame_cursor.hpp"

#include "http2/frame_types.hpp"

#include <algorithm>

namespace sluice::http2 {
namespace {

constexpr std::uint32_t number(std::byte const* at, unsigned size) noexcept {
  std::uint32_t value = 0;
  for (unsigned i = 0; i != size; ++i) value = value << 8U | std::to_integer<std::uint32_t>(at[i]);
  return value;
}

constexpr frame_head parse(std::byte const* at) noexcept {
  return {.length = number(at, 3),
          .type = std::to_integer<std::uint8_t>(at[3]),
          .flags = std::to_integer<std::uint8_t>(at[4]),
          .stream = static_cast<std::int32_t>(number(at + 5, 4) & 0x7fffffffU)};
}

}  // namespace

bool frame_cursor::next(bytes_view& rest, frame_head& head) noexcept {
  std::size_t const skipped = std::min(payload_left_, rest.size());
  rest = rest.subspan(skipped);
  payload_left_ -= skipped;
  if (payload_left_ != 0) return false;
  if (have_ == 0 && rest.size() >= head_size) {
    head = parse(rest.data());
    rest = rest.subspan(head_size);
  } else {
    std::size_t const more = std::min(head_size - have_, rest.size());
    std::copy_n(rest.begin(), more, partial_.begin() + static_cast<std::ptrdiff_t>(have_));
    rest = rest.subspan(more);
    have_ += more;
    if (have_ != head_size) return false;
    have_ = 0;
    head = parse(partial_.data());
  }
  payload_left_ = head.length;
  note_block(head);
  return true;
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
