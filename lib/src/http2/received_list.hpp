// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/received_field.hpp"
#include "http2/field_rule.hpp"

#include <cstddef>
#include <vector>

namespace sluice::http2 {

/// A header list that was received.
struct received_list {
  std::vector<received_field> fields;
  std::size_t size = 0;  ///< by name + value + 32 of each field
  field_rule rule;       ///< of all fields, in their order

  [[nodiscard]] static std::size_t size_of(received_field const& field) noexcept {
    constexpr std::size_t overhead = 32;  // RFC 9113, 6.5.2
    return field.name.size() + field.value.size() + overhead;
  }
  void add(received_field const& field, field_rule const& its) {
    fields.push_back(field);
    size += size_of(field);
    rule.follow(its);
  }
  /// Drops the fields behind a size.
  void cut(std::size_t to) noexcept {
    std::size_t kept = 0;
    for (size = 0; kept != fields.size() && size + size_of(fields[kept]) <= to; ++kept)
      size += size_of(fields[kept]);
    fields.resize(kept);
  }
  void clear() noexcept {
    fields.clear();
    size = 0;
    rule = {};
  }
};

}  // namespace sluice::http2
