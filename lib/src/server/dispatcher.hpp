// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/server/service.hpp>

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::serving {

/// From a request's path to the handler that serves it. Paths are matched byte for byte.
class dispatcher {
 public:
  struct entry {
    service* owner = nullptr;
    method_handler const* handler = nullptr;
  };

  /// False: a service of this name is there already.
  [[nodiscard]] bool add(service& what);
  /// What every other path finds: the first method of `what`. False: there is one already.
  [[nodiscard]] bool set_fallback(service& what) noexcept;
  /// An entry without a handler when there is none.
  [[nodiscard]] entry find(std::string_view path) const noexcept;
  /// Why `find` found nothing: UNIMPLEMENTED, naming the service or the method.
  [[nodiscard]] status explain(std::string_view path) const;
  /// Their names, sorted.
  [[nodiscard]] std::vector<std::string_view> services() const;

 private:
  struct hash {
    using is_transparent = void;
    [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  template <class T>
  using by_name = std::unordered_map<std::string, T, hash, std::equal_to<>>;

  by_name<service*> services_;
  by_name<entry> methods_;
  entry fallback_;
};

}  // namespace sluice::serving
