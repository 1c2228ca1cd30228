// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/scheduler.hpp>
#include <sluice/net/byte_stream.hpp>

#include <memory>

namespace sluice::transport {

/// Closes `bytes` so that the peer can read what was written to it last.
///
/// A socket that is closed with bytes unread, or that gets some afterwards, answers with a reset, and a reset may take
/// from the peer what it has received and not read: the response, or the GOAWAY that says why. So only the write
/// direction ends at once. What the peer still sends is read and dropped until it ends too; for a second and 1 MiB at
/// most.
///
/// `waiting`: a wait for reading is outstanding, and a stream has one at a time. Whoever it tells passes it on to what is
/// returned (null when that is over already, or `waiting` is false).
[[nodiscard]] std::shared_ptr<io_waiter> close_gracefully(coro::scheduler& where,
                                                          std::unique_ptr<byte_stream> bytes, bool waiting);

}  // namespace sluice::transport
