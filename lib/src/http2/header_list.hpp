// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::http2 {

/// Header fields to send: `size` times `at(i, name, value, indexed)`.
class header_list {
 public:
  virtual void at(std::size_t index, std::string_view& name, std::string_view& value,
                  bool& indexed) const = 0;
  [[nodiscard]] virtual std::size_t size() const = 0;

 protected:
  ~header_list() = default;
};

/// Takes what a HEADERS frame is to say, in one or several lists.
class header_sink {
 public:
  /// Lists with the same `number` are the same, on one session; 0: nothing is known about this one.
  virtual void add(header_list const& list, std::uint64_t number) = 0;

 protected:
  ~header_sink() = default;
};

}  // namespace sluice::http2
