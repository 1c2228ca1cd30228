// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/status.hpp>

namespace sluice {

std::string status::to_string() const {
  std::string text{sluice::to_string(code_)};
  if (!message().empty()) text.append(": ").append(message());
  return text;
}

}  // namespace sluice
