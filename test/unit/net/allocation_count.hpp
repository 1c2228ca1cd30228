// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace sluice::test {

/// How often this program's operator new was called by this thread.
[[nodiscard]] std::size_t allocation_count() noexcept;

}  // namespace sluice::test
