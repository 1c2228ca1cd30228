// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/received_field.hpp"
#include "http2/field_rule.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::http2 {

struct known_field {
  received_field field;
  field_rule rule;
};

/// A decoder's table (RFC 7541, 2.3): the static fields, and the latest ones that the peer had added. Everything that is to
/// be known of a field is found out when it enters, and not each time that it comes.
class field_table {
 public:
  /// Finds out what is to be known of a field.
  class expert {
   public:
    /// Given name and value.
    virtual void look_at(known_field& found) const noexcept = 0;

   protected:
    ~expert() = default;
  };

  explicit field_table(expert const& by) noexcept : expert_{by} { static_places_.fill(unknown); }
  ~field_table();
  field_table(field_table const&) = delete;
  field_table& operator=(field_table const&) = delete;

  /// By its index, from 1; null: there is none. It stays until the table is changed.
  [[nodiscard]] known_field const* find(std::size_t index) {
    if (index > static_size) return dynamic_at(index - static_size - 1);
    if (index != 0 && static_places_[index - 1] != unknown) return &static_known_[static_places_[index - 1]];
    return learn_static(index);
  }
  /// Its text stays until `release`.
  [[nodiscard]] known_field add(std::string_view name, std::string_view value);
  /// The same for a field that does not enter the table.
  [[nodiscard]] known_field keep(std::string_view name, std::string_view value);
  /// For a text that stays by itself.
  [[nodiscard]] known_field judged(std::string_view name, std::string_view value) const noexcept {
    known_field found{.field = {.name = name, .value = value}, .rule = {}};
    expert_.look_at(found);
    return found;
  }
  /// How large the table may be, in bytes by name + value + 32. False: more than we allow.
  [[nodiscard]] bool resize(std::size_t bytes);
  /// Lets go of what is not in the table any more, or never was.
  void release() noexcept {
    if (!kept_.empty()) release_kept();
  }

 private:
  static constexpr std::size_t static_size = 61;
  static constexpr std::size_t most_bytes = 4096;  // RFC 7541's default, which we never change
  static constexpr std::size_t overhead = 32;
  static constexpr std::uint8_t unknown = 0xff;

  [[nodiscard]] known_field const* dynamic_at(std::size_t age) const noexcept {
    return age < count_ ? &ring_[(next_ - 1 - age) & (ring_.size() - 1)] : nullptr;
  }
  [[nodiscard]] known_field const* learn_static(std::size_t index);
  [[nodiscard]] static std::size_t size_of(known_field const& each) noexcept {
    return each.field.name.size() + each.field.value.size() + overhead;
  }
  void evict_to(std::size_t bytes);
  void make_room();
  void make_room_to_keep();
  void release_kept() noexcept;

  expert const& expert_;
  std::vector<known_field>
      ring_;  // its size is a power of two; each text is a block of its own, name before value
  std::size_t next_ = 0;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  std::size_t limit_ = most_bytes;
  std::array<std::uint8_t, static_size> static_places_;
  std::vector<known_field> static_known_;  // few of them ever come
  std::vector<std::string_view> kept_;
};

}  // namespace sluice::http2
