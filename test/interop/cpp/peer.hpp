// SPDX-License-Identifier: Apache-2.0
//
// The payload that every peer sends and checks, and the limits of both ends.
#pragma once

#include <string>

constexpr int message_limit = 4 * 1024 * 1024;

inline std::string pattern(std::size_t size) {
  std::string payload(size, '\0');
  for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i % 251);
  return payload;
}

inline bool intact(std::string const& payload) {
  for (std::size_t i = 0; i < payload.size(); ++i)
    if (payload[i] != static_cast<char>(i % 251)) return false;
  return true;
}
