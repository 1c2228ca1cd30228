// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace sluice {

/// What one gathered write takes: bytes put together in a buffer, and between them large pieces that stay where they are.
class gather {
 public:
  /// Smaller pieces are copied: that costs less than one piece more.
  static constexpr std::size_t worth_lending = 8 * 1024;
  /// With what lies between them they are as many pieces as a byte stream takes at once.
  static constexpr std::size_t most_lent = 63;

  /// `own` is empty, and outlives this. It is full with `enough` bytes, or with `copied` bytes that are not lent.
  gather(buffer& own, std::size_t copied, std::size_t enough) noexcept
      : own_{own}, copied_{copied}, enough_{enough} {}

  [[nodiscard]] std::size_t size() const noexcept { return own_.size() + (lent_ ? lent_->size : 0); }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] bool full() const noexcept {
    return own_.size() >= copied_ || size() >= enough_ || (lent_ && lent_->count == most_lent);
  }

  [[nodiscard]] std::span<std::byte> prepare(std::size_t count) { return own_.prepare(count); }
  void commit(std::size_t count) noexcept { own_.commit(count); }
  void append(bytes_view bytes) { own_.append(bytes); }

  /// `bytes` come next. They stay as they are until all is written, or until `keep` is given their memory.
  void lend(bytes_view bytes) {
    if (bytes.size() < worth_lending || (lent_ && lent_->count == most_lent)) return append(bytes);
    if (!lent_) lent_ = std::make_unique<lent_pieces>();
    lent_->before[lent_->count] = own_.size();
    lent_->pieces[lent_->count++] = bytes;
    lent_->size += bytes.size();
  }

  /// Takes over the memory of somebody who goes away, if a piece of it is lent.
  void keep(buffer&& memory) noexcept {
    if (!lent_) return;
    for (auto const& piece : std::span{lent_->pieces}.first(lent_->count))
      if (memory.holds(piece)) {
        lent_->kept[lent_->kept_count++] = std::move(memory);
        return;
      }
  }

  /// All of it in order, until something is added.
  [[nodiscard]] std::span<bytes_view const> pieces() noexcept {
    all_ = own_.view();
    if (lent_) return lent_->between(all_);
    return {&all_, all_.empty() ? 0U : 1U};
  }

 private:
  struct lent_pieces {
    std::span<bytes_view const> between(bytes_view own) noexcept {
      std::size_t to = 0;
      std::size_t at = 0;
      for (std::size_t i = 0; i != count; ++i) {
        if (before[i] != at) all[to++] = own.subspan(at, before[i] - at);
        all[to++] = pieces[i];
        at = before[i];
      }
      if (at != own.size()) all[to++] = own.subspan(at);
      return std::span{all}.first(to);
    }

    std::size_t size = 0;
    std::size_t count = 0;
    std::size_t kept_count = 0;
    std::array<std::size_t, most_lent> before;  // where in the buffer each has its place
    std::array<bytes_view, most_lent> pieces;
    std::array<bytes_view, 2 * most_lent + 1> all;
    std::array<buffer, most_lent> kept;
  };

  buffer& own_;
  std::size_t copied_;
  std::size_t enough_;
  bytes_view all_;
  std::unique_ptr<lent_pieces> lent_;
};

}  // namespace sluice
