// SPDX-License-Identifier: Apache-2.0
#include "wire/frame.hpp"

namespace sluice::wire {

void write_frame_prefix(std::byte* to, std::uint8_t flag, std::uint32_t length) noexcept {
  to[0] = std::byte{flag};
  to[1] = static_cast<std::byte>(length >> 24);
  to[2] = static_cast<std::byte>(length >> 16);
  to[3] = static_cast<std::byte>(length >> 8);
  to[4] = static_cast<std::byte>(length);
}

errc deframer::fail(errc why) noexcept {
  held_.release();
  return error_ = why;
}

void deframer::push(bytes_view bytes) {
  if (error_ != errc::ok) return;
  if (held_.size() + bytes.size() > held_.capacity()) make_room(bytes.size());
  held_.append(bytes);
}

// Growing step by step would copy a large message once more.
void deframer::make_room(std::size_t bytes) {
  constexpr std::size_t sixteenth = 16;
  std::size_t const whole = awaited();
  std::size_t const there = held_.size() + bytes;
  if (whole > there && whole <= sixteenth * there) static_cast<void>(held_.prepare(whole - held_.size()));
}

std::size_t deframer::awaited() const noexcept {
  if (held_.size() < frame_prefix_size || error_ != errc::ok) return 0;
  prefix const p = read_prefix(held_.view());
  std::size_t const whole = frame_prefix_size + p.length;
  return check(p) == errc::ok && whole > held_.size() ? whole : 0;
}

errc deframer::announced_error() const noexcept {
  if (error_ != errc::ok || held_.size() < frame_prefix_size) return error_;
  return check(read_prefix(held_.view()));
}

bool deframer::ready() const noexcept {
  if (announced_error() != errc::ok) return true;
  return held_.size() >= frame_prefix_size &&
         held_.size() - frame_prefix_size >= read_prefix(held_.view()).length;
}

bool deframer::more_than_one() const noexcept {
  return held_.size() > frame_prefix_size && announced_error() == errc::ok &&
         held_.size() - frame_prefix_size > read_prefix(held_.view()).length;
}

void deframer::release() noexcept {
  if (held_.empty()) held_.release();
}

void deframer::reset(std::size_t limit) noexcept {
  held_.clear();
  limit_ = clamped(limit);
  error_ = errc::ok;
}

}  // namespace sluice::wire
