// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>
#include <sluice/core/errc.hpp>
#include <sluice/coro/intrusive_list.hpp>

#include "http2/session.hpp"
#include "transport/outgoing_headers.hpp"
#include "wire/header_block.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::transport {

class connection;

/// How a stream went away.
struct stream_end {
  errc why =
      errc::ok;  ///< ok: both sides ended it; stream_reset: `error` says more; otherwise the connection went
  std::uint32_t error = 0;  ///< HTTP/2 error code of a reset
  bool by_peer = false;  ///< the peer reset it
  std::string_view text = {};  ///< why the connection went, for people; until the call returns
};

/// One HTTP/2 stream: bytes each way and header lists. Base of the calls, which are created by their ends and live in
/// the connection's list while the stream is open.
///
///   outgoing: send_headers -> prepare/commit ... -> finish (with or without trailers)
///   incoming: on_headers -> on_data ... -> on_end, or on_headers again with the trailers
///
/// Concurrency: the connection's scheduler. The on_ functions are called inside protocol code: they queue coroutines and
/// do not resume them, and put nothing into the outbox. Only on_closed may destroy the stream.
class stream : public http2::stream_user, public coro::list_hook<struct stream_hook> {
 public:
  using list_tag = stream_hook;
  /// A writer waits while more than this is unsent.
  static constexpr std::size_t outbox_mark = 32 * 1024;

  stream(stream const&) = delete;
  stream& operator=(stream const&) = delete;

  [[nodiscard]] bool open() const noexcept { return connection_ != nullptr; }
  [[nodiscard]] transport::connection* connection() const noexcept { return connection_; }
  [[nodiscard]] std::int32_t id() const noexcept { return id_; }

  // ---- outgoing ------------------------------------------------------------------------------------------------------
  /// Server: the response's headers, or with `end` the whole response (trailers-only).
  void send_headers(outgoing_headers headers, bool end);
  /// Room for `count` bytes behind the outbox; `commit` makes them content. Also before the stream is open.
  [[nodiscard]] std::span<std::byte> prepare(std::size_t count) { return outbox_.prepare(count); }
  void commit(std::size_t count);
  [[nodiscard]] bool has_room() const noexcept { return outbox_.size() < outbox_mark; }
  [[nodiscard]] std::size_t unsent() const noexcept { return outbox_.size(); }
  /// Forgets what has not been sent.
  void discard_unsent() noexcept { outbox_.clear(); }
  /// END_STREAM after the outbox.
  void finish();
  /// Trailers after the outbox, then END_STREAM.
  void finish(outgoing_headers trailers);
  void reset(std::uint32_t error);

  // ---- incoming ------------------------------------------------------------------------------------------------------
  /// `bytes` of received data have been read: the peer may send as many again.
  void consume(std::size_t bytes);
  /// The peer may send so many bytes without waiting, from now on: at least, and within reason.
  void widen_window(std::size_t bytes);

 protected:
  stream() noexcept = default;
  ~stream() = default;

 private:
  friend class connection;
  friend class window_probe;
  virtual void on_headers(received_fields fields, bool end, bool too_large) = 0;
  virtual void on_data(bytes_view bytes) = 0;
  virtual void on_end() = 0;
  /// The outbox fell below its mark.
  virtual void on_room() noexcept = 0;
  /// The last call: the stream is not open any more.
  virtual void on_closed(stream_end const& how) noexcept = 0;

  void outgoing_changed();

  transport::connection* connection_ = nullptr;
  std::int32_t id_ = 0;
  std::uint32_t taken_ = 0;  // bytes, since the window was looked at
  std::uint8_t vain_looks_ = 0;  // at it, since it grew
  bool headers_sent_ = false;
  bool drained_ = false;  // the session waits for resume_data
  bool ending_ = false;
  bool has_trailers_ = false;
  bool headers_gone_ = false;  // into a frame: what is sent next are the trailers
  std::size_t left_at_sweep_ = 0;  // of the outbox of an ending stream
  buffer outbox_;
  outgoing_headers headers_;
  outgoing_headers trailers_;
};

}  // namespace sluice::transport
