// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one header of rpc that knows protobuf.

#include <sluice/rpc/codec.hpp>

#include <google/protobuf/message_lite.h>

#include <concepts>
#include <limits>

namespace sluice {

template <std::derived_from<google::protobuf::MessageLite> T>
struct codec<T> {
  [[nodiscard]] static std::size_t size(T const& message) { return message.ByteSizeLong(); }
  /// After `size`, whose cached figures it uses.
  static void write(T const& message, std::span<std::byte> to) {
    message.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(to.data()));
  }
  [[nodiscard]] static bool parse(T& message, bytes_view from) {
    if (from.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return false;
    return message.ParseFromArray(from.data(), static_cast<int>(from.size()));
  }
};

}  // namespace sluice
