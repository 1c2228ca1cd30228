// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>
#include <sluice/core/deadline.hpp>
#include <sluice/core/peer_limits.hpp>

#include "http2/abuse_budget.hpp"
#include "http2/frame_cursor.hpp"
#include "http2/side.hpp"
#include "http2/stream_ids.hpp"
#include "http2/token_bucket.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::http2 {

/// Watches every frame of the peer before nghttp2 acts on it, also those that nghttp2 passes over: what breaks HTTP/2 ends
/// the connection, what is of no use is paid for from the abuse budget.
class peer_watch {
 public:
  /// The session, for the watch.
  class host {
   public:
    [[nodiscard]] virtual time_point now() const = 0;
    [[nodiscard]] virtual bool is_open(std::int32_t stream) const noexcept = 0;
    /// GOAWAY with `error` and `text`; nothing more is taken.
    virtual void end(std::uint32_t error, std::string_view text) = 0;
    [[nodiscard]] virtual bool is_ending() const noexcept = 0;

   protected:
    ~host() = default;
  };

  peer_watch(http2::side ours, peer_limits const& limits, host& session);

  /// A frame begins; nghttp2 has not seen it.
  void judge(frame_head const& head);
  void charge(offence what);
  /// A stream is about to be reset for the peer's error.
  void charge_reset(offence what) {
    ++paid_resets_;
    charge(what);
  }
  /// Streams that the peer has reset and sent something on behind that; each is told once, and is to be reset.
  [[nodiscard]] std::vector<std::int32_t> take_late();

  // What we did.
  void stream_opened() noexcept { budget_.stream_opened(); }
  /// We reset it, and answer nothing that stands behind a reset of the peer's any more.
  void stream_reset(std::int32_t id);
  /// Server: a stream was answered to its end. Who uses what it asks for may also reset some.
  void answered() noexcept { resets_.give(); }
  /// A reset of our own wish, whatever its error says of the peer.
  void own_reset(std::uint32_t error) noexcept {
    if (!is_ours(error)) ++paid_resets_;
  }
  void data_sent() noexcept { budget_.data_sent(); }
  void ping_sent() noexcept { budget_.ping_sent(); }
  /// One that was not charged before is charged now.
  void reset_sent(std::uint32_t error);

 private:
  void look_at(frame_head const& head);
  void look_at_headers(frame_head const& head);
  void look_at_priority(frame_head const& head);
  void look_at_reset(frame_head const& head);
  void note_end(frame_head const& head);
  [[nodiscard]] static bool is_ours(std::uint32_t error) noexcept;
  [[nodiscard]] bool is_server() const noexcept { return side_ == side::server; }

  http2::side side_;
  std::size_t max_continuations_;
  host& session_;
  std::size_t continuations_ = 0;  // of the latest header block
  abuse_budget budget_;
  token_bucket resets_;
  stream_ids ids_;  // server: that the client opened
  ended_ids ended_streams_;
  ended_ids reset_streams_;  // client: by the server
  ended_ids answered_streams_;  // that we have reset: once each
  std::vector<std::int32_t> late_;
  std::size_t paid_resets_ = 0;  // not sent yet
};

}  // namespace sluice::http2
