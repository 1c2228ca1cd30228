// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace sluice::fuzz {

/// A promise that no input may break: says which one and ends the process, which is what the fuzzer takes for a finding.
inline void check(bool holds, std::string_view promise) {
  if (holds) [[likely]]
    return;
  std::fprintf(stderr, "broken: %.*s\n", static_cast<int>(promise.size()), promise.data());
  std::abort();
}

/// The same of two texts, which it shows.
inline void check_same(std::string_view one, std::string_view other, std::string_view promise) {
  if (one == other) [[likely]]
    return;
  for (auto const& [name, bytes] : {std::pair{"one:   ", one}, {"other: ", other}}) {
    std::fputs(name, stderr);
    for (unsigned char const byte : bytes)
      std::fprintf(stderr, byte < ' ' || byte > '~' ? "\\x%02x" : "%c", byte);
    std::fputc('\n', stderr);
  }
  check(false, promise);
}

}  // namespace sluice::fuzz
