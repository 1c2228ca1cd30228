// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sluice {

/// Which messages of a call that has a compression are compressed.
enum class compression_mode : std::uint8_t {
  when_smaller,  ///< those of the minimum size that become smaller by it
  always,        ///< each, even when it grows
  never,         ///< none: they go out as they are
};

}  // namespace sluice
