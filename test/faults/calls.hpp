// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/sluice.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace faults {

enum class kind : std::uint8_t { unary, download, upload, chat };
inline constexpr std::array all_kinds{kind::unary, kind::download, kind::upload, kind::chat};
[[nodiscard]] std::string_view to_string(kind which) noexcept;

struct call_plan {
  kind which = kind::unary;
  bool hold = false;
  std::size_t size = 100;  ///< bytes of each message
  bool wait_for_ready = false;
  sluice::duration timeout = std::chrono::seconds{20};
};

/// One call, from its beginning to its end. Completes with: its status, DATA_LOSS where the answer is not what was sent.
[[nodiscard]] sluice::task<sluice::status> call_once(sluice::channel& on, call_plan const& plan);

}  // namespace faults
