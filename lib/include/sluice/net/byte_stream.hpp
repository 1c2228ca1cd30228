// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/bytes_view.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <system_error>

namespace sluice {

struct peer_identity;

/// What one read or write attempt did. Neither ever blocks.
struct io_result {
  std::size_t bytes = 0;
  std::error_code error;     ///< set: the direction is broken, with the reason
  bool would_block = false;  ///< nothing can move now: `wait`, then try again
  bool end = false;          ///< read only: the peer has closed its direction in good order
};

enum class io_direction : std::uint8_t { read, write };

/// Whoever waits for a stream to become readable or writable.
class io_waiter {
 public:
  /// Called once for each `byte_stream::wait`, on the stream's executor, never from inside `wait` or `close`.
  /// It says "try again": what happened is learnt from the next read or write.
  virtual void ready(io_direction direction) noexcept = 0;

 protected:
  ~io_waiter() = default;
};

/// A connected, ordered, reliable pair of byte directions: TCP, a unix socket, TLS, an in-process pipe, or a user's own.
///
/// The interface asks for readiness, not completion: whoever drives the stream reads into a buffer that it may share
/// among all streams of its thread, and writes everything that one turn produced by one gathered call.
///
/// Concurrency: all calls on the stream's one executor. At most one wait for each direction is outstanding.
class byte_stream {
 public:
  virtual ~byte_stream() = default;

  /// Reads what is there, up to into.size() bytes.
  virtual io_result read(std::span<std::byte> into) noexcept = 0;
  /// Writes as much of the pieces, in order, as fits; `bytes` may be less than their sum.
  virtual io_result write(std::span<bytes_view const> pieces) noexcept = 0;
  /// Calls waiter->ready(direction) once, when an attempt in that direction is worthwhile (also after an error).
  /// The waiter is kept alive until then. After `close`, and when the executor's context is destroyed, an outstanding
  /// wait may be dropped without a call.
  virtual void wait(io_direction direction, std::shared_ptr<io_waiter> waiter) = 0;
  /// Ends the write direction after what was written; the peer reads an end. Reading goes on.
  virtual void shutdown_write() noexcept = 0;
  /// Ends both directions now. Idempotent. Later reads and writes fail.
  virtual void close() noexcept = 0;

  /// The other end, in the form that a target takes: "ipv4:127.0.0.1:50051", "unix:/run/x.sock", "pipe".
  [[nodiscard]] virtual std::string peer() const = 0;
  /// This end, likewise.
  [[nodiscard]] virtual std::string local() const = 0;
  /// More than an error code says about why a direction broke: "certificate verify failed: ...". Empty: nothing more.
  [[nodiscard]] virtual std::string failure() const { return {}; }
  /// Bytes that `write` took and that have not left this process; a wait for writing is over when there are none. Not
  /// those of a socket, which are the kernel's at once: those of a stream with a buffer of its own.
  [[nodiscard]] virtual std::size_t unsent() const noexcept { return 0; }
  /// What protects the bytes, and whom the peer's certificate names, once that is known; null for a stream that protects
  /// nothing. What gives an identity encrypts; that the peer is who it says is another thing: peer_identity::verified.
  [[nodiscard]] virtual std::shared_ptr<peer_identity const> identity() const { return nullptr; }
};

}  // namespace sluice
