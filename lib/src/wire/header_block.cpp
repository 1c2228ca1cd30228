// SPDX-License-Identifier: Apache-2.0
#include "wire/header_block.hpp"

#include <stdexcept>

namespace sluice::wire {

std::optional<std::string_view> header_block::find(std::string_view name) const noexcept {
  for (auto const field : *this)
    if (field.name == name) return field.value;
  return std::nullopt;
}

std::size_t header_block::count(std::string_view name) const noexcept {
  std::size_t found = 0;
  for (auto const field : *this) found += field.name == name ? 1 : 0;
  return found;
}

void header_block::refuse() { throw std::length_error{"header_block"}; }

}  // namespace sluice::wire
