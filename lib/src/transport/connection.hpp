// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/errc.hpp>
#include <sluice/coro/intrusive_list.hpp>
#include <sluice/coro/scheduler.hpp>
#include <sluice/net/byte_stream.hpp>
#include <sluice/net/peer_identity.hpp>

#include "http2/ping_strikes.hpp"
#include "http2/session.hpp"
#include "transport/connection_timers.hpp"
#include "transport/stream.hpp"
#include "transport/window_probe.hpp"
#include "wire/header_block.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace sluice::transport {

class connection;

/// Whoever owns connections: the server's acceptor side, or a subchannel, which may have several that leave.
class connection_owner {
 public:
  /// Server: a request begins; a stream to hold it, or null to refuse it.
  virtual stream* stream_opened() = 0;
  /// The peer's SETTINGS are there, the first time or anew: how many streams may be open may have changed.
  virtual void settings_received(connection& on) = 0;
  /// One stream fewer.
  virtual void stream_closed(connection& on) noexcept = 0;
  /// The peer will take no new streams. `text`: what it said.
  virtual void goaway_received(connection& on, std::uint32_t error, std::string_view text) noexcept = 0;
  /// The connection is over; every stream has been closed before. Last call.
  virtual void connection_closed(connection& on, errc why, std::string_view text) noexcept = 0;

 protected:
  ~connection_owner() = default;
};

/// One HTTP/2 connection on a byte_stream: the place that turns the session's wishes into I/O.
///
///   readable -> read once into the scheduler's scratch -> session -> streams -> coroutines become ready
///            -> (they run) -> end of the turn: session -> scratch -> one gathered write
///
/// What the socket does not take waits in the connection's own slab, and while that is large a server reads nothing.
///
/// Concurrency: the scheduler. Lifetime: shared; a wait for readiness keeps it alive until `close`.
class connection final : public std::enable_shared_from_this<connection>,
                         private io_waiter,
                         private http2::session_events,
                         private coro::turn_hook {
 public:
  connection(coro::scheduler& where, std::unique_ptr<byte_stream> bytes,
             http2::session_options const& options, connection_times const& times = {});
  ~connection();

  /// Begins to read and write. `owner` outlives the connection's end.
  void start(connection_owner& owner);
  /// Client: opens a stream for `who`. False: no more streams on this connection.
  [[nodiscard]] bool open(stream& who, outgoing_headers headers);
  /// Client: another stream may be opened now.
  [[nodiscard]] bool has_capacity() const noexcept;
  [[nodiscard]] std::uint32_t peer_max_header_list_size() const noexcept {
    return session_.peer_max_header_list_size();
  }

  /// Graceful: GOAWAY; what is open goes on, then the connection closes by itself. `why` stays valid; the peer reads it.
  void drain(std::string_view why = {});
  /// Now: every stream is closed with `why`, a GOAWAY is tried, the socket closed.
  void close(errc why, std::string_view text);

  [[nodiscard]] bool closed() const noexcept { return closed_; }
  [[nodiscard]] bool draining() const noexcept { return draining_; }
  [[nodiscard]] bool is_server() const noexcept { return side_ == http2::side::server; }
  [[nodiscard]] bool ready() const noexcept { return settings_seen_ && !closed_ && !going_away_; }
  [[nodiscard]] std::size_t open_streams() const noexcept { return open_count_; }
  [[nodiscard]] std::string const& peer() const noexcept { return *peer_; }
  [[nodiscard]] std::shared_ptr<std::string const> const& shared_peer() const noexcept { return peer_; }
  /// The stream's, once the peer has said something; null on a stream that protects nothing.
  [[nodiscard]] std::shared_ptr<peer_identity const> const& identity() const noexcept { return identity_; }
  [[nodiscard]] coro::scheduler& scheduler() const noexcept { return *scheduler_; }

  /// Counts since the start, for tests, the observer and the bench.
  struct counters {
    std::uint64_t reads = 0;
    std::uint64_t writes = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t bytes_sent = 0;
  };
  [[nodiscard]] counters const& counted() const noexcept { return counters_; }

 private:
  friend class stream;
  friend class connection_timers;
  // for the timers
  void ping(std::uint64_t opaque);
  void finish_drain();
  void fail(std::uint32_t error, std::string_view text);
  [[nodiscard]] bool settings_acknowledged() const noexcept { return session_.settings_acknowledged(); }
  [[nodiscard]] bool some_has_left(std::size_t given = 0) noexcept;
  [[nodiscard]] bool sends() const noexcept { return !backlog_.empty() || unsent_ != 0; }
  void reset_stalled();
  // for the streams
  void respond(stream& who, bool end);
  void trail(stream& who);
  void reset(stream& who, std::uint32_t error);
  void resume(stream& who);
  void consume(stream& who, std::size_t bytes);
  void widen_window(stream& who, std::size_t bytes);
  void flush_at_turn_end() noexcept;

  // io_waiter
  void ready(io_direction direction) noexcept override;
  // turn_hook
  void turn_ended() noexcept override;
  // session_events
  http2::stream_user* stream_opened(std::int32_t id) override;
  [[nodiscard]] std::uint8_t kind_of(std::string_view name) const noexcept override;
  void headers(http2::stream_user& on, received_fields fields, bool end_stream, bool too_large) override;
  void data(http2::stream_user& on, bytes_view bytes) override;
  void data_done(http2::stream_user& on) override;
  void stream_closed(http2::stream_user& on, std::uint32_t error, bool by_peer) override;
  void goaway(std::int32_t last_stream, std::uint32_t error, std::string_view debug) override;
  void settings_received() override;
  void ping_acknowledged(std::uint64_t opaque) override;
  void ping_received() override;
  [[nodiscard]] time_point now() override { return scheduler_->now(); }
  void write_headers(http2::stream_user& of, http2::header_sink& to) override;
  http2::data_wish pull_data(http2::stream_user& from, std::size_t most) override;
  void move_data(http2::stream_user& from, std::size_t bytes, gather& to) override;

  void read();
  [[nodiscard]] bool receive(bytes_view bytes);
  [[nodiscard]] bool take(bytes_view bytes);
  void wait_readable();
  void wait_writable();
  [[nodiscard]] bool too_much_to_send() const noexcept;
  void close_broken(std::error_code error);
  void flush();
  [[nodiscard]] bool write(std::span<bytes_view const> pieces, std::size_t& written);
  void say_last_words();
  [[nodiscard]] errc fill(gather& out);
  void keep_unwritten(gather& out, std::size_t written);
  void look_at_window();
  void join(stream& who);
  void leave(stream& who) noexcept;

  std::shared_ptr<coro::scheduler> scheduler_;
  std::unique_ptr<byte_stream> bytes_;
  std::shared_ptr<std::string const> peer_;
  std::shared_ptr<peer_identity const> identity_;
  http2::side side_;
  connection_owner* owner_ = nullptr;
  coro::intrusive_list<stream> streams_;
  std::size_t open_count_ = 0;
  buffer opening_;  // the first bytes, until they are recognized
  gather* sending_ = nullptr;  // while the session gives out frames
  buffer backlog_;  // accepted by nobody yet: what the socket did not take
  std::size_t unsent_ = 0;  // what the stream had taken and not sent when it was asked last
  peer_limits const limits_;
  http2::session session_;
  http2::ping_strikes strikes_;
  connection_timers timers_;
  window_probe window_probe_;
  std::string_view drain_text_;
  counters counters_;
  bool recognized_ = false;  // as HTTP/2, by its first bytes
  bool waiting_readable_ = false;
  bool waiting_writable_ = false;
  bool settings_seen_ = false;
  bool going_away_ = false;
  bool draining_ = false;
  bool drain_finished_ = false;
  bool ids_used_up_ = false;
  bool closed_ = false;
  std::shared_ptr<io_waiter> closing_;  // takes over the wait that was outstanding at the close
};

}  // namespace sluice::transport
