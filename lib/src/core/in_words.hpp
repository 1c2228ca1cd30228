// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/status.hpp>

#include <new>

namespace sluice {

/// `value` with the message that `words()` makes, as far as there is memory for it.
template <class Words>
[[nodiscard]] status in_words(code value, Words&& words, origin who = origin::local) noexcept {
  try {
    return status{value, words(), who};
  } catch (std::bad_alloc const&) { return status{value, {}, who}; }
}

}  // namespace sluice
