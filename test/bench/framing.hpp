// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "program.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

// The five bytes before each message, for the floor programs.
namespace bench {

constexpr std::size_t prefix_size = 5;

inline void store_prefix(std::uint8_t* to, std::size_t size) {
  to[0] = 0;
  for (int i = 0; i < 4; ++i) to[1 + i] = static_cast<std::uint8_t>(size >> (24 - 8 * i));
}

template <class Message>
void append_message(std::string& out, Message const& message) {
  auto const size = message.ByteSizeLong();
  auto const begin = out.size();
  out.resize(begin + prefix_size + size);
  auto* const to = reinterpret_cast<std::uint8_t*>(out.data()) + begin;
  store_prefix(to, size);
  message.SerializeWithCachedSizesToArray(to + prefix_size);
}

// The body that one side of one call sends: bytes, then `left` copies of a message, serialized one by one, as
// a handler that has them ready would.
struct outgoing_body {
  std::string bytes;
  std::size_t sent = 0;
  std::uint64_t left = 0;

  bool empty() const { return bytes.empty() && left == 0; }

  void clear() {
    bytes.clear();
    sent = 0;
    left = 0;
  }

  // Returns 0 only when there is nothing to send now.
  template <class Message>
  std::size_t take(std::uint8_t* to, std::size_t room, Message const& message) {
    auto filled = take_bytes(to, room);
    for (; left > 0; --left) {
      auto const size = message.ByteSizeLong();
      if (filled + prefix_size + size > room) break;
      store_prefix(to + filled, size);
      message.SerializeWithCachedSizesToArray(to + filled + prefix_size);
      filled += prefix_size + size;
    }
    if (filled > 0 || left == 0) return filled;
    --left;  // larger than the room, which is a frame or what the window leaves
    append_message(bytes, message);
    return take_bytes(to, room);
  }

 private:
  std::size_t take_bytes(std::uint8_t* to, std::size_t room) {
    auto const size = std::min(room, bytes.size() - sent);
    std::memcpy(to, bytes.data() + sent, size);
    sent += size;
    if (sent == bytes.size()) {
      bytes.clear();
      sent = 0;
    }
    return size;
  }
};

// Calls `use(begin, size)` for each whole message of `pending` + `data`; what is left stays in `pending`.
template <class Use>
void split_messages(std::string& pending, std::uint8_t const* data, std::size_t size, Use use) {
  if (!pending.empty()) {
    pending.append(reinterpret_cast<char const*>(data), size);
    data = reinterpret_cast<std::uint8_t const*>(pending.data());
    size = pending.size();
  }
  std::size_t at = 0;
  while (size - at >= prefix_size) {
    std::size_t length = 0;
    for (int i = 1; i < 5; ++i) length = length << 8 | data[at + static_cast<std::size_t>(i)];
    if (data[at] != 0) fail("a compressed message");
    if (size - at - prefix_size < length) break;
    use(data + at + prefix_size, static_cast<int>(length));
    at += prefix_size + length;
  }
  if (pending.empty()) pending.assign(reinterpret_cast<char const*>(data) + at, size - at);
  else pending.erase(0, at);
}

template <std::size_t NameSize, std::size_t ValueSize>
nghttp2_nv header(char const (&name)[NameSize], char const (&value)[ValueSize]) {
  auto const bytes = [](char const* text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text));
  };
  return {bytes(name), bytes(value), NameSize - 1, ValueSize - 1,
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

}  // namespace bench
