// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "calls.hpp"
#include "world.hpp"

#include <sluice/sluice.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <string_view>

namespace faults {

using statuses = std::array<sluice::code, all_kinds.size()>;  ///< one for each kind

[[nodiscard]] constexpr statuses all(sluice::code of) { return {of, of, of, of}; }

/// One line of the matrix.
struct fault {
  std::string_view name;
  std::string_view what;
  statuses expected;  ///< how its calls end

  /// Does the harm. Calls are under way then, each held by its handler; with `before` none has been made.
  sluice::task<void> (*strike)(world& on);
  /// Undoes it; the next call has to succeed.
  void (*mend)(world& on) = [](world&) {};
  /// Before the channel is made.
  void (*prepare)(world& on) = [](world&) {};

  bool before = false;
  bool of_tls = false;    ///< there is no such thing without
  bool in_child = false;  ///< the server is a process of its own
  std::chrono::milliseconds timeout{20'000};  ///< of each call
  std::chrono::milliseconds bound{5'000};     ///< from the fault to the last call's end
  std::size_t size = 100;                     ///< bytes of each message
};

[[nodiscard]] std::span<fault const> all_faults();

}  // namespace faults
