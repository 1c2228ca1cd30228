// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sluice {

/// One field of a header list that was received. The views hold until whoever is given the list returns.
struct received_field {
  std::string_view name;
  std::string_view value;
  std::uint8_t kind =
      0;  ///< what its name stands for, by wire::field_name: found out once, not for each list
};
using received_fields = std::span<received_field const>;

}  // namespace sluice
