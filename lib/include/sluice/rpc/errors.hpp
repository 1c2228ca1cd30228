// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/errc.hpp>
#include <sluice/core/status.hpp>

#include <string_view>

namespace sluice {

/// The one table from what the machines say to what a call ends with. `text` adds what is known beside it.
[[nodiscard]] status to_status(errc why, std::string_view text = {});

}  // namespace sluice
