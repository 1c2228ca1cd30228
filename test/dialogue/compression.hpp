// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/rpc/compressor.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sluice::test {

/// As the built-in compressor of that name would send it.
inline std::string packed(std::string_view encoding, std::string_view words) {
  compressors const known;
  auto const found = std::ranges::find(known.entries(), encoding, &compressors::entry::name);
  buffer to;
  if (!found->make()->compress(as_bytes(words), to)) throw std::runtime_error{"could not compress"};
  return std::string{as_text(to.view())};
}

/// A user's own algorithm: the text from its end.
class backwards final : public compressor {
 public:
  std::string_view name() const noexcept override { return "backwards"; }
  bool compress(bytes_view from, buffer& to) override {
    auto const room = to.prepare(from.size());
    std::ranges::reverse_copy(from, room.begin());
    to.commit(from.size());
    return true;
  }
  errc decompress(bytes_view from, buffer& to, std::size_t limit) override {
    if (from.size() > limit) return errc::message_too_large;
    return compress(from, to) ? errc::ok : errc::malformed_compression;
  }
};
inline std::unique_ptr<compressor> make_backwards() { return std::make_unique<backwards>(); }

}  // namespace sluice::test
