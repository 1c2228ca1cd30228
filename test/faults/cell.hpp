// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fault.hpp"

#include <cstddef>
#include <map>
#include <string>

namespace faults {

/// One call, or a hundred at once, of one kind under one fault.
struct cell {
  fault const* what = nullptr;
  kind which = kind::unary;
  std::size_t calls = 1;
  credentials const* secured = nullptr;  ///< null: h2c
};

struct cell_result {
  std::map<sluice::code, std::size_t> codes;
  std::chrono::milliseconds ended_after{0};      ///< from the fault to the last call's end
  std::chrono::milliseconds recovered_after{0};  ///< from the fault's end to that of a call that succeeds
  std::string wrong;                             ///< what is not as it has to be; empty: nothing
};

/// Plays the cell in a world of its own. The executor is a strand that nothing else uses.
[[nodiscard]] sluice::task<cell_result> play(cell of, asio::any_io_executor executor, command serve);

}  // namespace faults
