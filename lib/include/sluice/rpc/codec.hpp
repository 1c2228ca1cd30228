// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/bytes_view.hpp>
#include <sluice/core/status.hpp>
#include <sluice/rpc/call_stream.hpp>

#include <cstddef>
#include <span>

namespace sluice {

/// How a message type travels. rpc/protobuf.hpp specializes it for protobuf; a user may for other types:
///   static std::size_t size(T const&);                     // exact bytes
///   static void write(T const&, std::span<std::byte> to);  // just that many
///   static bool parse(T&, bytes_view from);                // replaces the content; false when malformed
template <class T>
struct codec;

/// Serializes `message` into the stream. True: room for more. False: full, or refused (see call_stream::write_error).
template <class T>
[[nodiscard]] bool write_message(call_stream& to, T const& message) {
  std::size_t const size = codec<T>::size(message);
  std::span<std::byte> const room = to.begin_message(size);
  if (room.data() == nullptr) return false;
  codec<T>::write(message, room);
  return to.end_message();
}

/// What a message that does not parse fails with.
[[nodiscard]] status malformed_message();

}  // namespace sluice
