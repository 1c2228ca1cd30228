// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/received_field.hpp"
#include "http2/field_rule.hpp"

#include <cassert>
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
  /// What it is without the fields that are added from now on.
  struct mark {
    std::size_t fields = 0;
    std::size_t size = 0;
    field_rule rule;
  };
  [[nodiscard]] mark here() const noexcept { return {fields.size(), size, rule}; }
  /// Nothing in front of the mark has been dropped.
  void back_to(mark const& to) noexcept {
    assert(fields.size() >= to.fields);
    fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(to.fields), fields.end());
    size = to.size;
    rule = to.rule;
  }
  void clear() noexcept {
    fields.clear();
    size = 0;
    rule = {};
  }
};

}  // namespace sluice::http2
