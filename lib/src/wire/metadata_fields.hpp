// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/errc.hpp>
#include <sluice/core/metadata.hpp>

#include "wire/field_name.hpp"
#include "wire/header_block.hpp"

namespace sluice::wire {

/// Appends a user's entries, in order: -bin values as unpadded base64 and not indexed, others without spaces at their
/// ends (HTTP/2 forbids them there). Precondition: each entry passes `check_entry`.
void write_metadata(metadata const& entries, header_block& out);

/// Adds the user's part of a header list to `out`: no pseudo-headers and none of the protocol's own keys; -bin values
/// split at commas and decoded. errc::bad_header when one of those is no base64; `out` then holds what came before it.
[[nodiscard]] errc read_metadata(received_fields fields, metadata& out);

}  // namespace sluice::wire
