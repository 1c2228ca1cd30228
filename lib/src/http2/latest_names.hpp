// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http2/field_rule.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::http2 {

/// What the names of fields say, for those that came lately: the fields that are in no table (timeouts, trace ids, paths)
/// have few names.
class latest_names {
 public:
  struct meaning {
    std::uint8_t kind = 0;  ///< of received_field
    field_class its = field_class::malformed;
  };

  /// `find_out(name)` when it is not known.
  template <class FindOut>
  [[nodiscard]] meaning find(std::string_view name, FindOut&& find_out) noexcept {
    auto& place = places_[name.size() % places_.size()];
    if (std::string_view{place.text.data(), place.size} == name) return place.says;
    meaning const found = find_out(name);
    if (name.size() <= place.text.size()) {
      std::ranges::copy(name, place.text.begin());
      place.size = static_cast<std::uint8_t>(name.size());
      place.says = found;
    }
    return found;
  }

 private:
  struct place {
    std::array<char, 21> text;
    std::uint8_t size = 0;
    meaning says;  // of an empty name at first: it is malformed
  };
  std::array<place, 8> places_;  // by the name's size
};

}  // namespace sluice::http2
