// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/frame_pool.hpp>

#include "wire/header_block.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace sluice::transport {

/// A header list that many calls send: it never changes.
struct common_headers {
  wire::header_block fields;
  std::uint64_t number = 0;  ///< its own among all that go over the same connection; not 0
};

/// What one HEADERS frame of a stream says: what the stream has in common with others, then what is its own.
class outgoing_headers {
 public:
  outgoing_headers() noexcept = default;
  outgoing_headers(wire::header_block own) : own_{keep(std::move(own))} {}  // a list is headers: implicit
  /// `common` stays until the stream is closed.
  explicit outgoing_headers(common_headers const& common, wire::header_block own = {})
      : common_{&common}, own_{keep(std::move(own))} {}

  [[nodiscard]] common_headers const* common() const noexcept { return common_; }
  /// Null: there are none.
  [[nodiscard]] wire::header_block const* own() const noexcept { return own_.get(); }
  /// By name + value + 32.
  [[nodiscard]] std::size_t list_size() const noexcept {
    return (own_ ? own_->list_size() : 0) + (common_ != nullptr ? common_->fields.list_size() : 0);
  }

 private:
  // Out of the stream, which has gone on without headers for most of its life.
  struct kept_block final : wire::header_block, coro::pooled {
    explicit kept_block(wire::header_block&& from) noexcept : header_block{std::move(from)} {}
  };
  static std::unique_ptr<kept_block> keep(wire::header_block&& own) {
    return own.empty() ? nullptr : std::make_unique<kept_block>(std::move(own));
  }

  common_headers const* common_ = nullptr;
  std::unique_ptr<kept_block> own_;
};

}  // namespace sluice::transport
