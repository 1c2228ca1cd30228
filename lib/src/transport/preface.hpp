// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>

#include "http2/session.hpp"

#include <string_view>

namespace sluice::transport {

/// What the first bytes of a connection say when they are not HTTP/2.
struct foreign_protocol {
  std::string_view text = {};    ///< for the status and the log; empty: it may be HTTP/2
  std::string_view answer = {};  ///< what to tell the peer in its own words
};

/// The connection preface sniff: HTTP/1.x and TLS are named, so that nobody has to guess from "protocol error".
[[nodiscard]] foreign_protocol recognize_foreign(bytes_view first, http2::side ours) noexcept;

}  // namespace sluice::transport
