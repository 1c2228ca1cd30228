// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>
#include <sluice/rpc/compressor.hpp>

#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

namespace sluice::calling {

/// The requests of a call that wait to be sent, and before those the sent ones that may have to be sent again. In one
/// piece of memory: each is its prefix, then its bytes.
class request_log {
  struct prefix {
    std::size_t size;
    std::optional<compression_mode> mode;
  };

 public:
  struct entry {
    bytes_view bytes;
    std::optional<compression_mode> mode;  // what the caller has said of it
  };

  /// Room for a request; it is there after `commit`.
  [[nodiscard]] std::span<std::byte> begin(std::size_t size, std::optional<compression_mode> mode) {
    prefix const before{size, mode};
    auto const room = bytes_.prepare(sizeof before + size);
    std::memcpy(room.data(), &before, sizeof before);
    begun_ = room.size();
    return room.subspan(sizeof before);
  }
  void commit() noexcept { bytes_.commit(begun_); }

  [[nodiscard]] bool has_unsent() const noexcept { return sent_ != bytes_.size(); }
  [[nodiscard]] std::size_t unsent() const noexcept { return bytes_.size() - sent_; }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  /// The oldest that is unsent, viewed until the log changes. Precondition: has_unsent().
  [[nodiscard]] entry next() const noexcept {
    prefix before{};
    std::memcpy(&before, bytes_.data() + sent_, sizeof before);
    return {bytes_.view().subspan(sent_ + sizeof before, before.size), before.mode};
  }
  /// `next` was sent.
  void advance() noexcept { sent_ += sizeof(prefix) + next().bytes.size(); }
  /// What was sent is not needed any more.
  void forget_sent() noexcept {
    bytes_.consume(sent_);
    sent_ = 0;
  }
  /// All of it is to be sent again.
  void rewind() noexcept { sent_ = 0; }

 private:
  static_assert(std::is_trivially_copyable_v<prefix>);
  buffer bytes_;
  std::size_t sent_ = 0;
  std::size_t begun_ = 0;
};

}  // namespace sluice::calling
