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
void close_gracefully(coro::scheduler& where, std::unique_ptr<byte_stream> bytes);

}  // namespace sluice::transport
