// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>
#include <sluice/core/deadline.hpp>
#include <sluice/core/errc.hpp>
#include <sluice/core/peer_limits.hpp>
#include <sluice/core/result.hpp>

#include "core/gather.hpp"
#include "core/received_field.hpp"
#include "http2/header_list.hpp"
#include "http2/message_check.hpp"
#include "http2/side.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::http2 {

struct session_options {
  http2::side side = side::server;
  std::uint32_t max_concurrent_streams = 1000;       ///< that the peer may open; advertised by a server
  std::uint32_t initial_window = 256 * 1024;  ///< bytes that a stream may receive ahead of its reader
  std::uint32_t connection_window =
      4 * 1024 * 1024;  ///< bytes that the connection may receive ahead of the session
  std::int32_t first_stream = 1;  ///< client: the id of its first stream; tests begin near the last one
  std::uint32_t max_header_list_size = 8 * 1024;  ///< bytes by name + value + 32; advertised and enforced
  peer_limits limits = {};  ///< those of them that no timer is needed for
};

/// What the session takes from a stream to fill a DATA frame.
struct data_wish {
  std::size_t bytes = 0;  ///< so many are ready, at most what was asked for
  bool end = false;  ///< they are the last: END_STREAM, or trailers if `trailers` is set
  bool trailers = false;  ///< `send_trailers` was called, or is called from inside pull_data
  bool drained = false;  ///< nothing is left behind them, for now: `resume_data` tells when there is more
};

/// Whoever the session speaks with about one stream; opaque to the session, which keeps there what it knows of it.
class stream_user {
 protected:
  ~stream_user() = default;

 private:
  friend class session;
  message_check message_;
  bool last_data_ = false;  // the DATA that has END_STREAM has begun to come
  bool peer_ended_ = false;  // END_STREAM is there
  bool reset_ = false;  // by us: once
};

/// What happens on the connection. Called from inside `receive` and `send`; must not call those two.
class session_events {
 public:
  /// A request begins. Null refuses the stream.
  virtual stream_user* stream_opened(std::int32_t id) = 0;
  /// What received_field::kind is for fields of this name. It is remembered.
  [[nodiscard]] virtual std::uint8_t kind_of(std::string_view name) const noexcept = 0;
  /// A header list. `too_large`: it exceeded the limit, and its fields beyond it were dropped.
  virtual void headers(stream_user& on, received_fields fields, bool end_stream, bool too_large) = 0;
  virtual void data(stream_user& on, bytes_view bytes) = 0;
  /// END_STREAM came on a DATA frame.
  virtual void data_done(stream_user& on) = 0;
  /// The stream is over and forgotten; 0 is NO_ERROR. Last call for it. `by_peer`: the peer's RST_STREAM.
  virtual void stream_closed(stream_user& on, std::uint32_t error, bool by_peer) = 0;

  virtual void goaway(std::int32_t last_stream, std::uint32_t error, std::string_view debug) = 0;
  virtual void settings_received() = 0;
  virtual void ping_acknowledged(std::uint64_t opaque) = 0;
  /// A PING that the session answers.
  virtual void ping_received() {}
  /// The time, asked for only when the peer does what is limited by time. Here it stands still.
  [[nodiscard]] virtual time_point now() { return {}; }

  /// A HEADERS frame of the stream is sent now: what is in it. A server is asked for the headers, then for the trailers.
  virtual void write_headers(stream_user& of, header_sink& to) = 0;
  /// How much of the stream's outgoing bytes may go into the next frame. Nothing is `drained`, too.
  virtual data_wish pull_data(stream_user& from, std::size_t most) = 0;
  /// Puts exactly `bytes` of them behind `to`, and forgets them.
  virtual void move_data(stream_user& from, std::size_t bytes, gather& to) = 0;

 protected:
  ~session_events() = default;
};

/// One HTTP/2 connection (RFC 9113) as a machine: bytes in, events out; wishes in, bytes out. No I/O, no clock.
///
/// nghttp2 stays behind this interface. The session adds what nghttp2 leaves to its user: the header list limit, what
/// a peer may do without use, stream fairness, free lists for its memory. And it writes the header blocks: nghttp2 is given
/// empty lists, as it would copy, look up and compress the same ones anew for each call.
class session {
 public:
  session(session_options const& options, session_events& events);
  ~session();
  session(session const&) = delete;
  session& operator=(session const&) = delete;

  /// Takes received bytes. Not ok: the connection is beyond repair; send what `send` still gives (a GOAWAY) and close. Other
  /// violations nghttp2 answers by itself: then it is `finished` when the GOAWAY is out, and `violation` says why.
  [[nodiscard]] errc receive(bytes_view bytes);
  /// Appends frames to `out` until there are none, or it is full (with the last of them it may be more than that).
  [[nodiscard]] errc send(gather& out);
  [[nodiscard]] bool wants_to_send() const noexcept;
  /// Neither side has anything to say any more: close.
  [[nodiscard]] bool finished() const noexcept;
  /// An event is being told, from inside `receive` or `send`.
  [[nodiscard]] bool at_work() const noexcept;
  /// Tells no more events, also none of what it has been given already: its streams' users may go.
  void fall_silent() noexcept;

  /// Client: opens a stream. Fails with errc::closed when the stream ids are used up or a GOAWAY came.
  [[nodiscard]] result<std::int32_t, errc> open(bool end_stream, stream_user& user);
  /// Server: response headers; with `end_stream` it is the whole response.
  void respond(std::int32_t id, stream_user& by, bool end_stream);
  /// Ends a stream's DATA with trailers: call it once before, or from inside, the pull_data that says `end`.
  void send_trailers(std::int32_t id);
  /// A stream that was `drained` has data now. Until then nothing is kept for it.
  void resume_data(std::int32_t id, stream_user& by);
  void reset(std::int32_t id, std::uint32_t error);
  /// The stream's reader has taken `bytes`: the peer may send as many again.
  /// True: there may be something to send.
  bool consume(std::int32_t id, std::size_t bytes);
  /// The stream's window becomes `bytes` if it is smaller, at most the connection's. True: there may be something to send.
  bool widen_window(std::int32_t id, std::size_t bytes);
  /// The stream's window when its reader has taken everything; 0: nothing more comes.
  [[nodiscard]] std::size_t window(std::int32_t id) const noexcept;

  /// First step of a graceful end: GOAWAY with the highest id, so that nothing under way is lost, and behind it a PING
  /// with `opaque`: when that is acknowledged, the peer has read the notice.
  void announce_shutdown(std::uint64_t opaque);
  /// GOAWAY with the last stream that was taken.
  void goaway(std::uint32_t error, std::string_view debug);
  /// Takes nothing more, sends GOAWAY and then nothing more. With an error and `text` that is the `violation`.
  void terminate(std::uint32_t error, std::string_view text = {});
  void ping(std::uint64_t opaque);
  /// Something of a stream was sent since this was asked last: HEADERS, DATA or WINDOW_UPDATE.
  [[nodiscard]] bool take_sent_for_streams() noexcept;

  /// How many streams the peer lets us open; the protocol's "unlimited" before its SETTINGS came.
  [[nodiscard]] std::uint32_t peer_max_concurrent_streams() const noexcept;
  /// Bytes of one header list that the peer takes, by name + value + 32; the largest number when it has not said.
  [[nodiscard]] std::uint32_t peer_max_header_list_size() const noexcept;
  /// The number of the header block of which not everything has come, counted from 1; 0: there is none.
  [[nodiscard]] std::uint64_t open_header_block() const noexcept;
  /// The peer has acknowledged our SETTINGS.
  [[nodiscard]] bool settings_acknowledged() const noexcept;
  /// Frames that wait to be sent, without DATA.
  [[nodiscard]] std::size_t queued_frames() const noexcept;
  /// What the peer did to HTTP/2 for which the connection ends; empty as long as it may go on.
  [[nodiscard]] std::string_view violation() const noexcept;

 private:
  struct callbacks;
  struct work;
  friend struct callbacks;
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace sluice::http2
