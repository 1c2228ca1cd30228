// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/result.hpp>
#include <sluice/net/address.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace sluice::net {

/// Reads what "unix:..." and "unix-abstract:..." name; nothing when the text has neither scheme.
[[nodiscard]] inline std::optional<result<address, std::string>> parse_unix_name(std::string_view text) {
  using parsed = result<address, std::string>;
  if (constexpr std::string_view scheme = "unix-abstract:"; text.starts_with(scheme))
    return address::from_abstract_name(text.substr(scheme.size()));
  if (constexpr std::string_view scheme = "unix:"; text.starts_with(scheme)) {
    text.remove_prefix(scheme.size());
    if (text.starts_with("//")) {
      text.remove_prefix(2);
      if (!text.starts_with('/'))
        return parsed{std::string{"after unix:// comes an absolute path, as in unix:///run/x.sock"}};
    }
    return address::from_path(text);
  }
  return std::nullopt;
}

}  // namespace sluice::net
