// SPDX-License-Identifier: Apache-2.0
#include "transport/connection.hpp"

#include "http2/frame_types.hpp"
#include "transport/graceful_close.hpp"
#include "wire/field_name.hpp"

#include <new>
#include <utility>

namespace sluice::transport {
namespace {

// Not kept by a stream that has sent what it had: it may wait for long, and the pool has it again at once.
constexpr std::size_t small_outbox = 512;
constexpr std::uint64_t drain_ping = 0x736c75696365'0001;
constexpr std::uint64_t window_ping = 0x736c75696365'0003;

class block_fields final : public http2::header_list {
 public:
  explicit block_fields(wire::header_block const& block) noexcept : block_{block} {}
  void at(std::size_t index, std::string_view& name, std::string_view& value, bool& indexed) const override {
    auto const field = block_[index];
    name = field.name;
    value = field.value;
    indexed = block_.indexed(index);
  }
  [[nodiscard]] std::size_t size() const override { return block_.size(); }

 private:
  wire::header_block const& block_;
};

stream& as_stream(http2::stream_user& user) noexcept { return static_cast<stream&>(user); }

}  // namespace

connection::connection(coro::scheduler& where, std::unique_ptr<byte_stream> bytes,
                       http2::session_options const& options, connection_times const& times)
    : scheduler_{where.shared_from_this()}, bytes_{std::move(bytes)},
      peer_{std::make_shared<std::string const>(bytes_->peer())}, side_{options.side},
      limits_{options.limits}, session_{options, *this},
      strikes_{times.min_ping_interval, times.pings_without_calls}, timers_{*this, limits_, times},
      window_probe_{options.initial_window, options.connection_window} {}

connection::~connection() {
  // Dropped with its executor's context: the calls are dropped with their trees.
  while (!streams_.empty()) streams_.pop_front().connection_ = nullptr;
}

void connection::start(connection_owner& owner) {
  owner_ = &owner;
  timers_.start();
  // A server speaks when it knows that the client speaks HTTP/2: what another protocol's client reads must be the answer.
  if (side_ == http2::side::client) flush_at_turn_end();
  wait_readable();
}

bool connection::has_capacity() const noexcept {
  return ready() && !draining_ && open_count_ < session_.peer_max_concurrent_streams();
}

bool connection::open(stream& who, outgoing_headers headers) {
  if (closed_ || going_away_ || draining_ || ids_used_up_) return false;
  bool const bare = who.ending_ && who.outbox_.empty() && !who.has_trailers_;
  auto const id = session_.open(bare, who);
  if (!id) {  // the stream ids are used up: another connection has to take over
    ids_used_up_ = true;
    flush_at_turn_end();
    return false;
  }
  who.id_ = *id;
  who.headers_ = std::move(headers);
  who.headers_sent_ = true;
  join(who);
  flush_at_turn_end();
  return true;
}

void connection::drain(std::string_view why) {
  if (closed_ || std::exchange(draining_, true)) return;
  drain_text_ = why;
  if (side_ == http2::side::client) {
    session_.goaway(0, why);
  } else if (!recognized_) {
    return close(errc::connection_closed, "the server drains");
  } else {
    // Calls that are on their way are still taken: the last stream is named when the client has surely read the notice.
    session_.announce_shutdown(drain_ping);
    timers_.drain_announced();
  }
  flush_at_turn_end();
}

void connection::close(errc why, std::string_view text) {
  if (std::exchange(closed_, true)) return;
  auto const keep = shared_from_this();
  timers_.stop();
  std::string said;
  try {
    said = text;
  } catch (std::bad_alloc const&) {  // then without words
  }
  bool const speaks_http2 = recognized_ || side_ == http2::side::client;
  bool const has_last_word = speaks_http2 && !session_.finished();
  session_.terminate(why == errc::protocol_error ? 1U : 0U);
  if (backlog_.empty() && has_last_word && !session_.at_work()) {  // if the socket takes it at once
    try {
      say_last_words();
    } catch (std::bad_alloc const&) {  // then without
    }
  }
  session_.fall_silent();
  // A server's last words, and a client's why, must not be lost to what has not been read.
  try {
    if (side_ == http2::side::server || why == errc::protocol_error)
      closing_ = close_gracefully(*scheduler_, std::move(bytes_), waiting_readable_);
    else bytes_->close();
  } catch (std::bad_alloc const&) {  // the socket has gone with its owner
  }
  turn_hook::unlink();
  while (!streams_.empty()) {
    stream& each = streams_.front();
    leave(each);
    each.on_closed({.why = why == errc::ok ? errc::connection_closed : why, .text = said});
  }
  if (owner_ != nullptr) std::exchange(owner_, nullptr)->connection_closed(*this, why, said);
}

void connection::ping(std::uint64_t opaque) {
  session_.ping(opaque);
  flush_at_turn_end();
}

void connection::fail(std::uint32_t error, std::string_view text) {
  session_.terminate(error, text);
  flush();
  if (!closed_) close(errc::protocol_error, text);
}

void connection::finish_drain() {
  if (std::exchange(drain_finished_, true)) return;
  timers_.drain_answered();
  session_.goaway(0, drain_text_);
  flush_at_turn_end();
}

// ---- streams ---------------------------------------------------------------------------------------------------------

void connection::respond(stream& who, bool end) {
  session_.respond(who.id_, who, end);
  flush_at_turn_end();
}

void connection::trail(stream& who) {
  session_.send_trailers(who.id_);
  flush_at_turn_end();
}

void connection::reset(stream& who, std::uint32_t error) {
  session_.reset(who.id_, error);
  flush_at_turn_end();
}

void connection::resume(stream& who) { session_.resume_data(who.id_, who); }

void connection::consume(stream& who, std::size_t bytes) {
  if (session_.consume(who.id_, bytes)) flush_at_turn_end();
  if (window_probe_.taken(who, bytes) &&
      window_probe_.begin(who, session_.window(who.id_), scheduler_->now()))
    ping(window_ping);
}

void connection::widen_window(stream& who, std::size_t bytes) {
  if (session_.widen_window(who.id_, bytes)) flush_at_turn_end();
}

// A sweep over all streams now and then costs a call nothing.
void connection::reset_stalled() {
  for (std::size_t i = open_count_; i != 0; --i) {
    stream& each = streams_.pop_front();
    streams_.push_back(each);
    std::size_t const left = each.ending_ ? each.outbox_.size() : 0;
    if (left != 0 && left == each.left_at_sweep_) reset(each, http2::errors::cancel);
    each.left_at_sweep_ = left;
  }
}

void connection::flush_at_turn_end() noexcept {
  if (!closed_) scheduler_->at_turn_end(*this);
}

void connection::join(stream& who) {
  who.connection_ = this;
  streams_.push_back(who);
  if (open_count_++ == 0) timers_.busy();
}

void connection::leave(stream& who) noexcept {
  who.connection_ = nullptr;
  who.coro::list_hook<stream_hook>::unlink();
  window_probe_.forget(who);
  if (sending_ != nullptr) sending_->keep(std::move(who.outbox_));  // its last message may be lent
  if (--open_count_ == 0) timers_.idle();
}

// ---- the session's events --------------------------------------------------------------------------------------------

http2::stream_user* connection::stream_opened(std::int32_t id) {
  stream* const made = owner_ != nullptr ? owner_->stream_opened() : nullptr;
  if (made == nullptr) return nullptr;
  made->id_ = id;
  join(*made);
  return made;
}

std::uint8_t connection::kind_of(std::string_view name) const noexcept {
  return static_cast<std::uint8_t>(wire::field_name_of(name));
}

void connection::headers(http2::stream_user& on, received_fields fields, bool end_stream, bool too_large) {
  as_stream(on).on_headers(fields, end_stream, too_large);
}

void connection::data(http2::stream_user& on, bytes_view bytes) {
  window_probe_.came(as_stream(on), bytes.size());
  as_stream(on).on_data(bytes);
}
void connection::data_done(http2::stream_user& on) { as_stream(on).on_end(); }

void connection::stream_closed(http2::stream_user& on, std::uint32_t error, bool by_peer) {
  stream& who = as_stream(on);
  leave(who);
  who.on_closed(
      {.why = error == 0 && !by_peer ? errc::ok : errc::stream_reset, .error = error, .by_peer = by_peer});
  if (owner_ != nullptr) owner_->stream_closed(*this);
}

void connection::goaway(std::int32_t, std::uint32_t error, std::string_view debug) {
  going_away_ = true;
  if (owner_ != nullptr) owner_->goaway_received(*this, error, debug);
  flush_at_turn_end();
}

void connection::settings_received() {
  if (!std::exchange(settings_seen_, true)) timers_.greeted();
  if (owner_ != nullptr) owner_->settings_received(*this);
}

void connection::ping_acknowledged(std::uint64_t opaque) {
  if (opaque == drain_ping && draining_) finish_drain();
  if (opaque == window_ping) look_at_window();
}

void connection::look_at_window() {
  if (!window_probe_.answered()) return;
  stream* const at = window_probe_.looked_at();
  std::size_t const window = at != nullptr ? session_.window(at->id_) : 0;
  if (window_probe_.too_small(window)) widen_window(*at, 2 * window);
}

void connection::ping_received() {
  if (side_ == http2::side::client) return;
  if (!strikes_.allow(scheduler_->now(), open_count_ != 0, session_.take_sent_for_streams()))
    session_.terminate(http2::errors::enhance_your_calm, "too_many_pings");
}

void connection::write_headers(http2::stream_user& of, http2::header_sink& to) {
  stream& who = as_stream(of);
  auto& what = std::exchange(who.headers_gone_, true) ? who.trailers_ : who.headers_;
  if (auto const* const common = what.common()) to.add(block_fields{common->fields}, common->number);
  if (what.own() == nullptr) return;
  to.add(block_fields{*what.own()}, 0);
  what = outgoing_headers{};  // a stream may live for long
}

http2::data_wish connection::pull_data(http2::stream_user& from, std::size_t most) {
  stream& who = as_stream(from);
  http2::data_wish wish;
  wish.bytes = std::min(most, who.outbox_.size());
  bool const all = wish.bytes == who.outbox_.size();
  wish.end = who.ending_ && all;
  wish.trailers = who.has_trailers_;
  who.drained_ = wish.drained = all && !wish.end;
  if (wish.end && wish.trailers) session_.send_trailers(who.id_);
  return wish;
}

void connection::move_data(http2::stream_user& from, std::size_t bytes, gather& to) {
  stream& who = as_stream(from);
  bool const was_full = !who.has_room();
  to.lend(who.outbox_.view().first(bytes));
  who.outbox_.consume(bytes);
  if (who.drained_ && who.outbox_.capacity() <= small_outbox) who.outbox_.release();
  if (was_full && who.has_room()) who.on_room();
}

}  // namespace sluice::transport
