// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/bytes_view.hpp>
#include <sluice/core/status.hpp>
#include <sluice/coro/scheduler.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace sluice {

/// The waist: a bidirectional exchange of messages as bytes. HTTP/2 calls of the client and of the server implement it
/// (later gRPC-Web, REST and in-process calls); typed handlers and stubs see nothing below it.
///
/// Nothing here suspends: an operation does what it can at once, and `when_readable` and `when_writable` queue a node
/// when it is worth trying again. They are also queued when the call ends, so whoever waits always comes back.
///
/// Concurrency: the call's scheduler. At most one node waits in each direction.
class call_stream {
 public:
  enum class read_result : std::uint8_t {
    message,  ///< `message` views the next one until the next `read`
    end,  ///< no more: the peer half-closed, or the call has ended; the memory of the last one has gone
    pending,  ///< nothing yet
  };
  [[nodiscard]] virtual read_result read(bytes_view& message) = 0;
  virtual void when_readable(coro::ready_node& node) noexcept = 0;

  /// Room for a message of `size` bytes, to be serialized in place and ended with `end_message`. Without data() when the
  /// call takes no more messages; why is in `write_error`.
  [[nodiscard]] virtual std::span<std::byte> begin_message(std::size_t size) = 0;
  /// False: the stream's buffer is full; wait with `when_writable` before the next message.
  [[nodiscard]] virtual bool end_message() = 0;
  virtual void when_writable(coro::ready_node& node) noexcept = 0;
  [[nodiscard]] virtual bool writable() const noexcept = 0;
  [[nodiscard]] virtual status write_error() const = 0;

 protected:
  ~call_stream() = default;
};

}  // namespace sluice
