// SPDX-License-Identifier: Apache-2.0
#include "rpc/message_coding.hpp"

#include <cstdint>
#include <limits>

namespace sluice::coding {

message_coding::~message_coding() {
  written();
  release();
}

bool message_coding::wants(std::size_t size) const noexcept {
  if (encoder_ == nullptr || mode_ == compression_mode::never) return false;
  return mode_ == compression_mode::always || size >= min_size_;
}

std::span<std::byte> message_coding::begin(std::size_t size) {
  if (plain_.capacity() == 0) plain_ = set_.borrow();
  plain_.clear();
  auto const room = plain_.prepare(size == 0 ? 1 : size).first(size);  // never without data()
  plain_.commit(size);
  begun_ = true;
  return room;
}

message_coding::encoded message_coding::end() {
  begun_ = false;
  if (packed_.capacity() == 0) packed_ = set_.borrow();
  packed_.clear();
  constexpr std::size_t largest = std::numeric_limits<std::uint32_t>::max();
  bool const packed = encoder_->compress(plain_.view(), packed_) && packed_.size() <= largest;
  if (packed && (mode_ == compression_mode::always || packed_.size() < plain_.size()))
    return {packed_.view(), true};
  return {plain_.view(), false};
}

void message_coding::written() noexcept {
  set_.give_back(std::exchange(packed_, {}));
  set_.give_back(std::exchange(plain_, {}));
}

errc message_coding::take(bytes_view& message, bool compressed) {
  taken_compressed_ = compressed;
  if (!compressed) return errc::ok;
  if (unpacked_.capacity() == 0) unpacked_ = set_.borrow();
  unpacked_.clear();
  errc const error = decoder_->decompress(message, unpacked_, limit_);
  if (error != errc::ok) {
    unpacked_.release();
    return error;
  }
  if (unpacked_.size() > limit_) return errc::message_too_large;  // a user's own compressor
  message = unpacked_.view();
  return errc::ok;
}

void message_coding::release() noexcept { set_.give_back(std::exchange(unpacked_, {})); }

}  // namespace sluice::coding
