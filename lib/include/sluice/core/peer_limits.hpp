// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sluice {

/// What a hostile peer can do to one connection before it is closed. The defaults leave room for every honest peer that
/// we know; docs/guide/connections.md says what each is for. Both ends have the same, but for what is said there.
struct peer_limits {
  /// Frames without use that a peer may send at once, and how many more each second: empty DATA, PRIORITY, frames of
  /// unknown type, SETTINGS, WINDOW_UPDATE and others beyond what a connection needs, and each stream that must be
  /// reset or refused for the peer's error. More: GOAWAY ENHANCE_YOUR_CALM.
  std::uint32_t abuse_burst = 1000;
  std::uint32_t abuse_per_second = 33;
  /// Server: streams that a client may reset at once, and how many more each second and for each stream that was
  /// answered. More: GOAWAY ENHANCE_YOUR_CALM.
  std::uint32_t reset_burst = 1000;
  std::uint32_t resets_per_second = 33;
  /// CONTINUATION frames of one header block. More: GOAWAY ENHANCE_YOUR_CALM.
  std::size_t max_continuations = 72;
  /// While more frames than this wait to be sent nothing is read. A client allows two more for each of its calls.
  std::size_t max_queued_frames = 1000;
  /// Server: bytes that the socket has not taken yet. Above: nothing is read until it has. One write may leave more, up to
  /// 1 MiB of messages for which the client has opened its windows.
  std::size_t max_unsent = std::size_t{64} * 1024;
  /// Server: from accept to the client's first SETTINGS, with TLS. A client has channel_options::connect_timeout.
  duration handshake_timeout = std::chrono::seconds{20};
  /// From a header block's first frame to its END_HEADERS.
  duration header_block_timeout = std::chrono::seconds{10};
  /// For the acknowledgement of our SETTINGS.
  duration settings_timeout = std::chrono::seconds{10};
  /// A peer that reads nothing of what waits for it is given up after so long.
  duration write_timeout = std::chrono::seconds{20};
  /// Server: a call whose handler has ended, and for the rest of whose response the client opens no window, is reset
  /// after so long without a byte of it sent, at the latest after twice that. A handler that still runs may wait for its
  /// client as long as its deadline allows.
  duration stalled_response_timeout = std::chrono::minutes{5};
};

}  // namespace sluice
