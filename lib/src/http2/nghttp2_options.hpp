// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::http2 {

// Options that came with later versions of nghttp2, or as a distribution's security update: set where they exist. The
// names are looked up when the template is made, by the type of their argument.

/// How many streams the peer may reset.
template <class Option>
void set_reset_rate_limit(Option* option, std::uint64_t burst, std::uint64_t per_second) {
  if constexpr (requires { nghttp2_option_set_stream_reset_rate_limit(option, burst, per_second); })
    nghttp2_option_set_stream_reset_rate_limit(option, burst, per_second);
}

/// How many CONTINUATION frames a header block may have. Before 1.70 each piece of a frame counts as one.
template <class Option>
void set_max_continuations(Option* option, std::size_t most) {
  if constexpr (requires { nghttp2_option_set_max_continuations(option, most); })
    nghttp2_option_set_max_continuations(option, most);
}

}  // namespace sluice::http2
