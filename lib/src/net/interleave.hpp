// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/net/address.hpp>

#include <vector>

namespace sluice::net {

/// The order in which to try addresses, by RFC 8305 section 4: the families take turns, the family of the
/// first address first, each keeping its own order. So a family that does not work costs one attempt's delay
/// and not all of its own.
[[nodiscard]] inline std::vector<address> interleave(std::vector<address> const& addresses) {
  std::vector<address> first;
  std::vector<address> second;
  for (auto const& each : addresses)
    (each.kind() == addresses.front().kind() ? first : second).push_back(each);
  std::vector<address> mixed;
  mixed.reserve(addresses.size());
  for (std::size_t i = 0; i < first.size() || i < second.size(); ++i) {
    if (i < first.size()) mixed.push_back(first[i]);
    if (i < second.size()) mixed.push_back(second[i]);
  }
  return mixed;
}

}  // namespace sluice::net
