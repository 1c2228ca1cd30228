// SPDX-License-Identifier: Apache-2.0
#include "wire/frame.hpp"

#include <algorithm>

namespace sluice::wire {

void write_frame_prefix(std::byte* to, std::uint8_t flag, std::uint32_t length) noexcept {
  to[0] = std::byte{flag};
  to[1] = static_cast<std::byte>(length >> 24);
  to[2] = static_cast<std::byte>(length >> 16);
  to[3] = static_cast<std::byte>(length >> 8);
  to[4] = static_cast<std::byte>(length);
}

deframer::prefix deframer::read_prefix(bytes_view bytes) noexcept {
  auto const at = [bytes](std::size_t i) { return std::to_integer<std::uint32_t>(bytes[i]); };
  return {std::to_integer<std::uint8_t>(bytes[0]), at(1) << 24 | at(2) << 16 | at(3) << 8 | at(4)};
}

errc deframer::check(prefix const& p) noexcept {
  if (p.flag > 1) {
    error_ = errc::bad_message_flag;
  } else if (p.length > limit_) {
    error_ = errc::message_too_large;
  }
  if (error_ != errc::ok) held_.release();
  return error_;
}

void deframer::cut(bytes_view bytes, prefix const& p, std::optional<frame_view>& out) noexcept {
  out.emplace(frame_view{p.flag, bytes.subspan(frame_prefix_size, p.length)});
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
  return p.flag <= 1 && p.length <= limit_ && whole > held_.size() ? whole : 0;
}

errc deframer::next(std::optional<frame_view>& out) noexcept {
  out.reset();
  if (error_ != errc::ok) return error_;
  if (held_.size() < frame_prefix_size) return errc::ok;
  prefix const p = read_prefix(held_.view());
  if (check(p) != errc::ok) return error_;
  if (held_.size() - frame_prefix_size < p.length) return errc::ok;
  cut(held_.view(), p, out);
  held_.consume(frame_prefix_size + p.length);  // the bytes stay in place until the buffer is written again
  return errc::ok;
}

errc deframer::next(bytes_view& input, std::optional<frame_view>& out) {
  out.reset();
  if (error_ != errc::ok) {
    input = {};
    return error_;
  }
  auto const take = [this, &input](std::size_t count) {
    count = std::min(count, input.size());
    push(input.first(count));
    input = input.subspan(count);
  };
  if (held_.empty()) {
    if (input.size() >= frame_prefix_size) {
      prefix const p = read_prefix(input);
      if (check(p) != errc::ok) {
        input = {};
        return error_;
      }
      if (input.size() - frame_prefix_size >= p.length) {
        cut(input, p, out);
        input = input.subspan(frame_prefix_size + p.length);
        return errc::ok;
      }
    }
    take(input.size());
    return errc::ok;
  }
  if (held_.size() < frame_prefix_size) take(frame_prefix_size - held_.size());
  if (held_.size() >= frame_prefix_size) {
    prefix const p = read_prefix(held_.view());
    if (p.flag <= 1 && p.length <= limit_) {
      std::size_t const whole = frame_prefix_size + p.length;
      if (held_.size() < whole) take(whole - held_.size());
    }
  }
  errc const error = next(out);
  if (error != errc::ok) input = {};
  return error;
}

errc deframer::announced_error() const noexcept {
  if (error_ != errc::ok || held_.size() < frame_prefix_size) return error_;
  prefix const p = read_prefix(held_.view());
  if (p.flag > 1) return errc::bad_message_flag;
  return p.length > limit_ ? errc::message_too_large : errc::ok;
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
  limit_ = limit;
  error_ = errc::ok;
}

}  // namespace sluice::wire
