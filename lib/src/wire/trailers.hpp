// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/errc.hpp>
#include <sluice/core/metadata.hpp>
#include <sluice/core/status.hpp>

#include "wire/field_name.hpp"
#include "wire/header_block.hpp"

namespace sluice::wire {

/// Appends grpc-status, grpc-message and grpc-status-details-bin as far as there are such, then `entries` (each of which
/// passes `check_entry`).
void write_trailers(status const& outcome, metadata const& entries, header_block& out);
/// The same for a response that has no message and sent no headers: one list with :status and content-type in front.
void write_trailers_only(status const& outcome, metadata const& entries, header_block& out);

/// Reads trailers, or a trailers-only list, into a status whose origin is the peer and the user's entries (added to
/// `entries`).
///
/// A grpc-status that is no number from 0 to 16 becomes UNKNOWN. Details that are no base64 are dropped: code and
/// message still say what happened. errc::missing_status without any grpc-status, errc::bad_header with two or when a
/// user's -bin value is no base64; `outcome` is then left alone.
[[nodiscard]] errc read_trailers(received_fields fields, status& outcome, metadata& entries);

}  // namespace sluice::wire
