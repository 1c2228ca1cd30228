// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sluice {

/// The library's version, as meson.build has it (a test compares).
inline constexpr std::string_view version = "0.1.0";

}  // namespace sluice
