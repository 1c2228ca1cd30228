// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

enum class method_kind : std::uint8_t { unary, server_streaming, client_streaming, bidi_streaming };

/// One method of a service, as the wire names it: "/package.Service/Method". Generated code holds one constant for each.
struct method {
  std::string_view path;
  method_kind kind = method_kind::unary;
};

}  // namespace sluice
