// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/net/byte_stream.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace sluice::testing {

/// What happened at one end of a pipe, to be read while it lives and after. Attempts count from 1, and count
/// whatever came of them.
struct pipe_record {
  std::size_t reads = 0;
  std::size_t writes = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  bool fault_fired = false;  ///< one of the end's faults took place
  bool closed = false;
};

/// How one end of a pipe behaves. The defaults: well.
struct pipe_end_options {
  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

  std::size_t max_read = unlimited;  ///< bytes that one read gives at most: 1 splits everything
  std::size_t max_write = unlimited;  ///< bytes that one write takes at most

  /// The n-th read (or write) fails with `error`; 0: none does. From then on the pipe is broken for both
  /// ends: this one keeps failing with `error`, the other one reads what was under way and then
  /// `connection_reset`.
  std::size_t fail_read = 0;
  std::size_t fail_write = 0;
  std::error_code error = std::make_error_code(std::errc::connection_reset);
  /// This end reads so many bytes and then an orderly end, whatever the other end goes on to write.
  std::uint64_t end_after = std::numeric_limits<std::uint64_t>::max();

  std::string name = "pipe";  ///< what the other end's peer() and this end's local() say
  std::shared_ptr<pipe_record> record;  ///< filled when not null
};

struct pipe_options {
  std::size_t capacity = 64 * 1024;  ///< bytes under way in each direction; at least 1
  pipe_end_options first;
  pipe_end_options second;
};

/// Two byte_streams in memory, connected with each other: what one writes, the other reads.
///
/// It behaves as a socket does: bounded, short writes when nearly full, would_block, half-close, an end after
/// what was written before a close, `broken_pipe` for writes to a closed end. Waiters are called through
/// `executor`, never from inside a call, and one turn of the executor is enough for a readiness to arrive: so
/// a conversation over it is deterministic. A wait is no outstanding work: `run` returns when both ends only
/// wait for each other.
///
/// Concurrency: both ends on the one executor. Lifetime: the ends are independent of each other.
[[nodiscard]] std::pair<std::unique_ptr<byte_stream>, std::unique_ptr<byte_stream>> make_pipe(
    boost::asio::any_io_executor executor, pipe_options options = {});

}  // namespace sluice::testing
