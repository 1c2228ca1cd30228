// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>
#include <sluice/rpc/codec.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

/// A message as the bytes that travel, of any codec: what generic calls send and receive.
///
/// Concurrency: a value. Lifetime: owns its bytes; a call that reads many into one message reuses its memory.
class raw_message {
 public:
  raw_message() noexcept = default;
  explicit raw_message(std::string bytes) noexcept : bytes_{std::move(bytes)} {}
  explicit raw_message(bytes_view bytes) : bytes_{as_text(bytes)} {}

  [[nodiscard]] bytes_view bytes() const noexcept { return as_bytes(bytes_); }
  [[nodiscard]] std::string_view text() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  /// The bytes, to change them or to move them away.
  [[nodiscard]] std::string& content() noexcept { return bytes_; }

  friend bool operator==(raw_message const&, raw_message const&) = default;

 private:
  std::string bytes_;
};

template <>
struct codec<raw_message> {
  [[nodiscard]] static std::size_t size(raw_message const& message) noexcept { return message.size(); }
  static void write(raw_message const& message, std::span<std::byte> to) {
    std::ranges::copy(message.bytes(), to.begin());
  }
  [[nodiscard]] static bool parse(raw_message& message, bytes_view from) {
    message.content().assign(as_text(from));
    return true;
  }
};

}  // namespace sluice
