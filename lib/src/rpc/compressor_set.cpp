// SPDX-License-Identifier: Apache-2.0
#include "rpc/compressor_set.hpp"

#include "wire/encoding.hpp"

#include <algorithm>
#include <utility>

namespace sluice::coding {
namespace {

// What one large message needed is not kept for the small ones.
constexpr std::size_t largest_spare = std::size_t{64} * 1024;

std::string_view without_spaces(std::string_view text) noexcept {
  constexpr std::string_view spaces = " \t";
  auto const first = text.find_first_not_of(spaces);
  return first == text.npos ? "" : text.substr(first, text.find_last_not_of(spaces) + 1 - first);
}

}  // namespace

compressor_set::compressor_set(compressors const& known) : list_{wire::encoding_identity} {
  for (auto const& each : known.entries()) {
    members_.push_back({each, nullptr});
    list_.append(",").append(each.name);
  }
}

std::size_t compressor_set::index_of(std::string_view name) const noexcept {
  auto const found = std::ranges::find(
      members_, name, [](member const& each) -> std::string const& { return each.known.name; });
  return static_cast<std::size_t>(found - members_.begin());
}

compressor* compressor_set::find(std::string_view name) {
  std::size_t const index = index_of(name);
  if (index == members_.size()) return nullptr;
  auto& found = members_[index];
  if (!found.made) found.made = found.known.make();
  return found.made.get();
}

bool compressor_set::accepted(std::string_view name, accepted_mask by) const noexcept {
  std::size_t const index = index_of(name);
  return index != members_.size() && (by >> index & 1) != 0;
}

accepted_mask compressor_set::read_list(std::string_view list) const noexcept {
  accepted_mask mask = 0;
  while (!list.empty()) {
    auto const comma = std::min(list.find(','), list.size());
    std::size_t const index = index_of(without_spaces(list.substr(0, comma)));
    if (index != members_.size()) mask |= accepted_mask{1} << index;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return mask;
}

buffer compressor_set::borrow() noexcept {
  for (auto& each : spare_)
    if (each.capacity() != 0) return std::move(each);
  return {};
}

void compressor_set::give_back(buffer memory) noexcept {
  if (memory.capacity() > largest_spare) return;
  memory.clear();
  for (auto& each : spare_) {
    if (each.capacity() != 0) continue;
    each = std::move(memory);
    return;
  }
}

}  // namespace sluice::coding
