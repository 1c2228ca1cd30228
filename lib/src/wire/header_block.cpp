// SPDX-License-Identifier: Apache-2.0
#include "wire/header_block.hpp"

#include <limits>
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

void header_block::append(std::string_view name, std::string_view value, bool indexed) {
  emit(name, indexed, [value](std::string& out) { out.append(value); });
}

std::size_t header_block::begin_field(std::string_view name) {
  std::size_t const offset = characters_.size();
  characters_.append(name);
  return offset;
}

void header_block::end_field(std::size_t offset, std::size_t name_size, bool indexed) {
  // Four gigabytes of headers are nobody's; wrapping around would turn them into somebody else's.
  if (characters_.size() > std::numeric_limits<std::uint32_t>::max()) {
    characters_.resize(offset);
    throw std::length_error{"header_block"};
  }
  slots_.push_back({static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(name_size),
                    static_cast<std::uint32_t>(characters_.size() - offset - name_size), indexed});
}

}  // namespace sluice::wire
