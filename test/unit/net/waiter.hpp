// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/net/byte_stream.hpp>

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::test {

/// Counts what it is told.
struct counting_waiter final : io_waiter {
  void ready(io_direction direction) noexcept override {
    ++(direction == io_direction::read ? reads : writes);
  }
  int reads = 0;
  int writes = 0;
};

[[nodiscard]] inline io_result write_text(byte_stream& stream, std::string_view text) {
  std::array<bytes_view, 1> const pieces{as_bytes(text)};
  return stream.write(pieces);
}

/// What one read gives; "(end)", "(block)" or "(error …)" when it gives nothing.
[[nodiscard]] inline std::string read_text(byte_stream& stream, std::size_t most = 4096) {
  std::string text(most, '\0');
  auto const result = stream.read({reinterpret_cast<std::byte*>(text.data()), text.size()});
  if (result.error) return "(error " + result.error.message() + ")";
  if (result.end) return "(end)";
  if (result.would_block) return "(block)";
  text.resize(result.bytes);
  return text;
}

}  // namespace sluice::test
