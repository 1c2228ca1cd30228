// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "post.pb.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace simulated {

/// What was found wrong in one seed.
struct findings {
  void add(std::string line) {
    constexpr std::size_t most = 20;
    if (told) told("WRONG: " + line);
    if (lines.size() < most) lines.push_back(std::move(line));
  }
  std::vector<std::string> lines;
  std::function<void(std::string_view)> told;
};

/// The letter number `index` of a call: its content follows from both, and from the direction.
[[nodiscard]] Letter make_letter(std::uint64_t call, std::uint32_t index, std::size_t size, bool answer);
/// Why it is not that letter, or empty.
[[nodiscard]] std::string check_letter(Letter const& letter, std::uint64_t call, std::uint32_t index,
                                       bool answer);

}  // namespace simulated
