// SPDX-License-Identifier: Apache-2.0
#pragma once

// The protobuf wire format by hand, for messages that must not be in protobuf's pool (health_messages.hpp says why).

#include <sluice/core/buffer.hpp>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstdint>
#include <string>

namespace sluice::fields {

using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

/// The tag of a string, bytes or message field.
constexpr std::uint32_t text_tag(std::uint32_t number) noexcept { return number << 3 | 2U; }
constexpr std::uint32_t varint_tag(std::uint32_t number) noexcept { return number << 3; }

inline CodedInputStream reader(bytes_view from) {
  return CodedInputStream{reinterpret_cast<std::uint8_t const*>(from.data()), static_cast<int>(from.size())};
}

inline bool read_text(CodedInputStream& in, std::string& text) {
  std::uint32_t size = 0;
  return in.ReadVarint32(&size) && in.ReadString(&text, static_cast<int>(size));
}

/// Calls `field(tag)` for each field: 1 when it took it, 0 to have it skipped, -1 when it is malformed. False: malformed.
template <class Field>
bool read_all(CodedInputStream& in, Field field) {
  for (;;) {
    std::uint32_t const tag = in.ReadTag();
    if (tag == 0) return in.ConsumedEntireMessage();
    switch (field(tag)) {
      case 1: break;
      case 0:
        if (!google::protobuf::internal::WireFormatLite::SkipField(&in, tag)) return false;
        break;
      default: return false;
    }
  }
}

}  // namespace sluice::fields
