// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::net {

struct host_port {
  std::string host;                   // without brackets; may be empty
  std::optional<std::uint16_t> port;  // as written, if it was
};

/// Splits "host:port", "host", "[v6]:port", "[v6]" and "v6". The error says what is wrong, without repeating
/// the text.
[[nodiscard]] result<host_port, std::string> split_host_port(std::string_view text);

/// `text` in double quotes, shortened, with unprintable bytes as \xNN: for error messages.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace sluice::net
