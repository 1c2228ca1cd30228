// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/header_block.hpp"

#include <cstddef>
#include <cstdint>
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
  outgoing_headers(wire::header_block own) noexcept : own_{std::move(own)} {}  // a list is headers: implicit
  /// `common` stays until the stream is closed.
  explicit outgoing_headers(common_headers const& common, wire::header_block own = {}) noexcept
      : common_{&common}, own_{std::move(own)} {}

  [[nodiscard]] common_headers const* common() const noexcept { return common_; }
  [[nodiscard]] wire::header_block const& own() const noexcept { return own_; }
  /// By name + value + 32.
  [[nodiscard]] std::size_t list_size() const noexcept {
    return own_.list_size() + (common_ != nullptr ? common_->fields.list_size() : 0);
  }

 private:
  common_headers const* common_ = nullptr;
  wire::header_block own_;
};

}  // namespace sluice::transport
