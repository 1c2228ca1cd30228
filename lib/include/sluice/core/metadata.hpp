// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// The headers or trailers of a call that belong to its users: an ordered multimap of lower-case keys to values.
///
/// A key that ends with "-bin" carries any bytes (base64 on the wire, raw here); any other value is printable ASCII.
/// Duplicates keep their order. Keys are matched exactly: `add` folds upper case, so look up in lower case.
///
/// Concurrency: a value; distinct objects may be used by distinct threads.
class metadata {
 public:
  using entry = std::pair<std::string, std::string>;
  using const_iterator = std::vector<entry>::const_iterator;

  metadata() noexcept = default;
  metadata(std::initializer_list<std::pair<std::string_view, std::string_view>> entries) {
    for (auto const& [key, value] : entries) add(key, value);
  }

  /// Appends. An entry that cannot travel (see `check`) is kept, and fails the call that it is given to with
  /// INVALID_ARGUMENT, naming the key.
  metadata& add(std::string_view key, std::string_view value);
  /// Removes every entry of `key`, then adds.
  metadata& set(std::string_view key, std::string_view value);
  /// Removes every entry of `key` and says how many there were.
  std::size_t erase(std::string_view key);

  /// The first value of `key`.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view key) const noexcept;
  /// Every value of `key`, in order.
  [[nodiscard]] std::vector<std::string_view> get_all(std::string_view key) const;
  [[nodiscard]] bool contains(std::string_view key) const noexcept { return get(key).has_value(); }

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] const_iterator begin() const noexcept { return entries_.begin(); }
  [[nodiscard]] const_iterator end() const noexcept { return entries_.end(); }
  void clear() noexcept { entries_.clear(); }

  friend bool operator==(metadata const&, metadata const&) = default;

 private:
  std::vector<entry> entries_;
};

/// True for keys whose values are arbitrary bytes.
[[nodiscard]] constexpr bool is_binary_key(std::string_view key) noexcept { return key.ends_with("-bin"); }

/// True for the protocol's own keys, which users neither send nor receive as metadata: "grpc-…", content-type, te,
/// user-agent, and the connection headers of HTTP/1.1.
[[nodiscard]] bool is_reserved_key(std::string_view key) noexcept;

/// Why an entry cannot be sent, or nothing: a key of [0-9a-z_.-], not empty, not reserved ("grpc-…", pseudo-headers and
/// connection headers), and a printable ASCII value unless the key is binary.
[[nodiscard]] std::optional<std::string> check_entry(std::string_view key, std::string_view value);

}  // namespace sluice
