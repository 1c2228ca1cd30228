// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nghttp2/nghttp2.h>

namespace sluice::http2 {

/// nghttp2 allocates six to eight times for each call; this gives it free lists of this thread instead of the heap.
[[nodiscard]] nghttp2_mem* pooled_memory() noexcept;

}  // namespace sluice::http2
