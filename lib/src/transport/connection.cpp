// SPDX-License-Identifier: Apache-2.0
#include "transport/connection.hpp"

#include "http2/frame_types.hpp"
#include "transport/graceful_close.hpp"
#include "transport/preface.hpp"
#include "wire/field_name.hpp"

#include <array>
#include <new>
#include <utility>

namespace sluice::transport {
namespace {

constexpr std::size_t read_size = 256 * 1024;
constexpr int reads_a_turn = 2;
// Frames are gathered up to this before they are written: what is copied stays in the cache, and what is lent wakes the
// peer once and not often.
constexpr std::size_t copied_size = std::size_t{256} * 1024;
constexpr std::size_t write_size = std::size_t{1024} * 1024;
// As many bytes tell HTTP/2 from everything else that has a name; each HTTP/2 peer begins with more.
constexpr std::size_t opening_size = 8;
// Not kept by a stream that has sent what it had: it may wait for long, and the pool has it again at once.
constexpr std::size_t small_outbox = 512;
constexpr std::uint64_t drain_ping = 0x736c75696365'0001;

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

// A step that finds no memory ends its connection, and nothing else (docs/design/0014).
template <class Step>
void or_close(connection& self, Step&& step) noexcept {
  try {
    step();
  } catch (std::bad_alloc const&) { self.close(errc::connection_closed, "out of memory"); }
}

}  // namespace

connection::connection(coro::scheduler& where, std::unique_ptr<byte_stream> bytes,
                       http2::session_options const& options, connection_times const& times)
    : scheduler_{where.shared_from_this()}, bytes_{std::move(bytes)},
      peer_{std::make_shared<std::string const>(bytes_->peer())}, side_{options.side},
      limits_{options.limits}, session_{options, *this},
      strikes_{times.min_ping_interval, times.pings_without_calls}, timers_{*this, limits_, times} {}

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
      buffer slab;
      gather last{slab, copied_size, write_size};
      std::size_t written = 0;
      if (fill(last) == errc::ok && !last.empty()) static_cast<void>(write(last.pieces(), written));
    } catch (std::bad_alloc const&) {  // then without a last word
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
  if (sending_ != nullptr) sending_->keep(std::move(who.outbox_));  // its last message may be lent
  if (--open_count_ == 0) timers_.idle();
}

// ---- reading ---------------------------------------------------------------------------------------------------------

// Until `flush` has come to an end nothing is read, so that what a peer makes us send is bounded. What its own calls send
// stops no client: if both ends stopped, both would wait.
bool connection::too_much_to_send() const noexcept {
  std::size_t const queued = session_.queued_frames();
  if (!is_server()) return queued > limits_.max_queued_frames + 2 * open_count_;
  return queued > limits_.max_queued_frames || backlog_.size() > limits_.max_unsent;
}

void connection::wait_readable() {
  if (closed_ || waiting_readable_ || too_much_to_send()) return;
  waiting_readable_ = true;
  bytes_->wait(io_direction::read,
               std::shared_ptr<io_waiter>{shared_from_this(), static_cast<io_waiter*>(this)});
}

void connection::ready(io_direction direction) noexcept {
  auto const keep = shared_from_this();
  if (closing_ && direction == io_direction::read) return std::exchange(closing_, nullptr)->ready(direction);
  scheduler_->turn([this, direction] {
    if (direction == io_direction::read) {
      waiting_readable_ = false;
      if (!closed_) or_close(*this, [this] { read(); });
    } else {
      waiting_writable_ = false;
      timers_.heard();  // what the peer takes is a sign of life
      flush_at_turn_end();
    }
  });
}

void connection::read() {
  auto const into = scheduler_->scratch(read_size);
  for (int i = 0; i != reads_a_turn && !too_much_to_send(); ++i) {
    auto const got = bytes_->read(into);
    ++counters_.reads;
    if (got.error) return close_broken(got.error);
    if (got.end) return close(errc::connection_closed, "closed by the peer");
    if (got.would_block) break;
    counters_.bytes_received += got.bytes;
    timers_.heard();
    if (!receive(into.first(got.bytes))) return;
    if (got.bytes < into.size()) break;
  }
  wait_readable();
}

void connection::close_broken(std::error_code error) {
  auto const text = bytes_->failure();
  if (text.empty()) return close(errc::connection_closed, error.message());
  close(recognized_ ? errc::connection_closed : errc::handshake_failed, text);
}

bool connection::receive(bytes_view bytes) {
  if (recognized_) return take(bytes);
  opening_.append(bytes);
  if (auto const foreign = recognize_foreign(opening_.view(), side_); !foreign.text.empty()) {
    std::size_t written = 0;
    bytes_view const answer = as_bytes(foreign.answer);
    if (!answer.empty()) static_cast<void>(write({&answer, 1}, written));
    close(errc::not_http2, foreign.text);
    return false;
  }
  if (opening_.size() < opening_size) return true;
  recognized_ = true;
  identity_ = bytes_->identity();
  buffer const opening = std::move(opening_);
  return take(opening.view());
}

bool connection::take(bytes_view bytes) {
  errc const error = session_.receive(bytes);
  if (closed_) return false;
  timers_.received(session_.open_header_block());
  if (error != errc::ok) {
    flush();
    if (!closed_) close(error, session_.violation());
    return false;
  }
  if (session_.wants_to_send() || session_.finished()) flush_at_turn_end();
  return true;
}

// ---- writing ---------------------------------------------------------------------------------------------------------

void connection::turn_ended() noexcept {
  auto const keep = shared_from_this();
  if (ids_used_up_ && !going_away_ && owner_ != nullptr) {
    going_away_ = true;
    owner_->goaway_received(*this, 0, "the connection's stream ids are used up");
  }
  or_close(*this, [this] { flush(); });
}

bool connection::write(std::span<bytes_view const> pieces, std::size_t& written) {
  auto const put = bytes_->write(pieces);
  ++counters_.writes;
  if (put.error) {
    if (!closed_) close_broken(put.error);
    return false;
  }
  written = put.bytes;
  counters_.bytes_sent += put.bytes;
  return true;
}

void connection::flush() {
  if (closed_ || waiting_writable_) return;
  std::size_t written = 0;
  std::size_t given = 0;
  if (!backlog_.empty()) {
    bytes_view const rest = backlog_.view();
    if (!write({&rest, 1}, written)) return;
    backlog_.consume(written);
    given = written;
  }
  while (backlog_.empty()) {
    buffer& slab = scheduler_->slab();
    slab.clear();
    gather out{slab, copied_size, write_size};
    errc const said = fill(out);
    if (closed_) return;  // by one of the events
    if (said != errc::ok) return close(errc::protocol_error, "nghttp2 cannot go on with the connection");
    if (out.empty()) break;
    if (!write(out.pieces(), written)) return;
    given += written;
    if (written < out.size()) keep_unwritten(out, written);
  }
  bool const moved = some_has_left(given);
  if (sends()) timers_.write_blocked(moved);
  else timers_.write_done();
  if (!backlog_.empty()) return wait_writable();
  backlog_.release();
  wait_readable();  // a long backlog may have stopped it
  if (!session_.finished() && !(draining_ && open_count_ == 0 && side_ == http2::side::client)) return;
  if (sends()) return wait_writable();  // whoever waits for the end may end the process
  if (auto const wrong = session_.violation(); session_.finished() && !wrong.empty())
    close(errc::protocol_error, wrong);
  else close(errc::connection_closed, going_away_ ? "closed after GOAWAY" : "closed");
}

errc connection::fill(gather& out) {
  struct sending {
    ~sending() { of.sending_ = nullptr; }
    connection& of;
  } const here{*this};
  sending_ = &out;
  return session_.send(out);
}

void connection::keep_unwritten(gather& out, std::size_t written) {
  for (auto const piece : out.pieces()) {
    auto const gone = std::min(written, piece.size());
    backlog_.append(piece.subspan(gone));
    written -= gone;
  }
}

// `given`: what the stream has taken since it was asked last.
bool connection::some_has_left(std::size_t given) noexcept {
  std::size_t const before = unsent_ + given;
  unsent_ = bytes_->unsent();
  return unsent_ < before;
}

void connection::wait_writable() {
  waiting_writable_ = true;
  bytes_->wait(io_direction::write,
               std::shared_ptr<io_waiter>{shared_from_this(), static_cast<io_waiter*>(this)});
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

void connection::data(http2::stream_user& on, bytes_view bytes) { as_stream(on).on_data(bytes); }
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
