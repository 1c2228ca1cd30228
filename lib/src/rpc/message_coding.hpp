// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/frame_pool.hpp>
#include <sluice/rpc/compression_mode.hpp>

#include "rpc/compressor_set.hpp"

#include <cstddef>
#include <span>
#include <utility>

namespace sluice::coding {

/// What a call has beside others once it has to do with compression, in either direction. Other calls have none.
class message_coding final : public coro::pooled {
 public:
  explicit message_coding(compressor_set& from) noexcept : set_{from} {}
  message_coding(message_coding const&) = delete;
  message_coding& operator=(message_coding const&) = delete;
  ~message_coding();

  // ---- outgoing ------------------------------------------------------------------------------------------------------
  /// Null: messages go out as they are.
  void encode_with(compressor* with, std::size_t min_size) noexcept {
    encoder_ = with;
    min_size_ = min_size;
  }
  /// For grpc-encoding; empty without a compressor.
  [[nodiscard]] std::string_view encoding() const noexcept { return encoder_ ? encoder_->name() : ""; }
  compression_mode set_mode(compression_mode mode) noexcept { return std::exchange(mode_, mode); }

  /// A message of `size` bytes is to be written by begin and end; any other one goes straight into its frame.
  [[nodiscard]] bool wants(std::size_t size) const noexcept;
  [[nodiscard]] std::span<std::byte> begin(std::size_t size);
  [[nodiscard]] bool begun() const noexcept { return begun_; }
  struct encoded {
    bytes_view bytes;
    bool compressed;
  };
  /// Viewed until the next begin, or `written`.
  [[nodiscard]] encoded end();
  /// The bytes have been copied: their memory goes back.
  void written() noexcept;

  // ---- incoming ------------------------------------------------------------------------------------------------------
  void decode_with(compressor& with, std::size_t limit) noexcept {
    decoder_ = &with;
    limit_ = limit;
  }
  [[nodiscard]] bool decodes() const noexcept { return decoder_ != nullptr; }
  /// Puts what a received message was made of in its place; that is viewed until the next take or release.
  [[nodiscard]] errc take(bytes_view& message, bool compressed);
  [[nodiscard]] bool taken_compressed() const noexcept { return taken_compressed_; }
  /// Gives the last message's memory back.
  void release() noexcept;

 private:
  compressor_set& set_;
  compressor* encoder_ = nullptr;
  compressor* decoder_ = nullptr;
  std::size_t min_size_ = 0;
  std::size_t limit_ = 0;
  buffer plain_;
  buffer packed_;
  buffer unpacked_;
  compression_mode mode_ = compression_mode::when_smaller;
  bool begun_ = false;
  bool taken_compressed_ = false;
};

}  // namespace sluice::coding
