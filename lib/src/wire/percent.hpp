// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sluice::wire {

/// grpc-message: printable ASCII stays, '%' and all other bytes become %XX. So do spaces at either end, which the
/// specification would let pass but HTTP/2 forbids in a field value (RFC 9113, 8.2.1). Appends to `out`.
void percent_encode(std::string_view raw, std::string& out);
[[nodiscard]] std::string percent_encode(std::string_view raw);

/// Never fails: what is no %XX stays as it is, since half a message helps more than none. Appends to `out`.
void percent_decode(std::string_view text, std::string& out);
[[nodiscard]] std::string percent_decode(std::string_view text);

}  // namespace sluice::wire
