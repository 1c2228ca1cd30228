// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sluice::http2 {

enum class side : std::uint8_t { client, server };

}  // namespace sluice::http2
