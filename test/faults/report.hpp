// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cell.hpp"

#include <string>
#include <vector>

namespace faults {

/// "stall, unary, 100 calls".
[[nodiscard]] std::string describe(cell const& of);

/// Prints the sums; compares the table with the file, or writes it. Returns the program's exit code.
[[nodiscard]] int conclude(std::vector<cell> const& cells, std::vector<cell_result> const& results,
                           std::string const& report, bool write, bool complete);

}  // namespace faults
