// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>
#include <sluice/testing/random.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace sluice::testing {

/// How a world misbehaves. The defaults: not at all. Each probability is for each occasion that is named, 0 to 1.
struct world_faults {
  // ---- bytes ---------------------------------------------------------------------------------------------------------
  double split = 0;  ///< of a read, a write and a transport: it moves 1 to 16 bytes
  double delay = 0;  ///< of a transport, and of being told of readiness: it takes up to max_delay
  duration max_delay = std::chrono::milliseconds{50};
  double slow = 0;  ///< of a connection's end: it is always told late that it can read
  /// Bytes under way each way. Below the default: drawn for each connection, an eighth to all of this, or a single byte.
  std::size_t max_capacity = 64 * 1024;
  // ---- connections ---------------------------------------------------------------------------------------------------
  double refuse = 0;  ///< of a connect: it gives none
  double reset = 0;  ///< of a connection: it breaks at a random byte
  double half_close = 0;  ///< of a connection: one direction ends at a random byte
  double blackhole = 0;  ///< of a connection: from a random byte on, one direction arrives nowhere ...
  duration max_silence = std::chrono::seconds{30};  ///< ... and breaks after up to so long
  // ---- frames of HTTP/2: somebody in the middle that puts in its own; occasion: a frame that passes ------------------
  double goaway = 0;  ///< to the client: GOAWAY; its last stream is any
  double rst = 0;  ///< to both ends: RST_STREAM of a stream that was opened
  double settings =
      0;  ///< to either end: smaller windows, fewer streams, a smaller header table; taken back later
  double ping = 0;  ///< to either end
  // ---- time and order ------------------------------------------------------------------------------------------------
  double clock_jump = 0;  ///< of an advance to the next timer: it goes up to max_jump too far
  duration max_jump = std::chrono::seconds{2};
  double reorder = 0;  ///< of a resumption: another coroutine that is ready goes first
  double stop = 0;  ///< of a resumption and an advance: one of the tasks that are `at_risk` is stopped

  /// A world of its own for each seed: each fault is off as often as on, then at an intensity from rare to often.
  [[nodiscard]] static world_faults drawn_from(random_numbers& random);
  /// One line: what is not at its default.
  [[nodiscard]] std::string to_string() const;
};

}  // namespace sluice::testing
