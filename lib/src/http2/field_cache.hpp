// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/received_field.hpp"
#include "http2/field_rule.hpp"

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace sluice::http2 {

struct known_field {
  received_field field;
  field_rule rule;
};

/// What is known of the fields that a peer sends, by their place in its HPACK table: nghttp2 gives a field that is in the
/// table as the same two buffers each time, so everything about it is found out once.
class field_cache {
 public:
  /// Finds out what is to be known of a new field.
  class expert {
   public:
    /// Given name and value.
    virtual void look_at(known_field& found) const noexcept = 0;

   protected:
    ~expert() = default;
  };

  explicit field_cache(expert const& by) noexcept : expert_{by} {}
  ~field_cache();
  field_cache(field_cache const&) = delete;
  field_cache& operator=(field_cache const&) = delete;

  /// Until the next one is asked for; its views hold until the list ends. `in_table`: it may come again by its place there.
  [[nodiscard]] known_field const& find(nghttp2_rcbuf* name, nghttp2_rcbuf* value, bool in_table) {
    if (sets_ == nullptr) return add(name, value, in_table);
    for (auto const& each : (*sets_)[set_of(name, value)])
      if (each.name == name && each.value == value) return each.what;
    return add(name, value, in_table);
  }
  void end_list() noexcept {
    if (!held_.empty()) release_held();
  }

 private:
  struct entry {
    nghttp2_rcbuf* name =
        nullptr;  // both are ours too, so that no other field comes to stand at their addresses
    nghttp2_rcbuf* value = nullptr;
    known_field what;
  };
  // Some ten fields come with each request, and two or three that never come again.
  using sets = std::array<std::array<entry, 4>, 8>;

  [[nodiscard]] static std::size_t set_of(nghttp2_rcbuf const* name, nghttp2_rcbuf const* value) noexcept {
    auto const mixed = std::uint64_t{reinterpret_cast<std::uintptr_t>(name)} * 3 +
                       std::uint64_t{reinterpret_cast<std::uintptr_t>(value)};
    return static_cast<std::size_t>((mixed * 0x9e37'79b9'7f4a'7c15U) >> 61U);  // eight of them
  }
  [[nodiscard]] known_field const& add(nghttp2_rcbuf* name, nghttp2_rcbuf* value, bool in_table);
  void hold(nghttp2_rcbuf* buffer);
  void release_held() noexcept;

  expert const& expert_;
  known_field one_off_;
  std::size_t next_ = 0;  // to be displaced in its set
  std::unique_ptr<sets> sets_;  // made with the first list
  std::vector<nghttp2_rcbuf*> held_;  // until the list ends: what has no entry, or has it no more
};

}  // namespace sluice::http2
