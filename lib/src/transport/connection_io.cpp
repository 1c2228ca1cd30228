// SPDX-License-Identifier: Apache-2.0
// How a connection reads and writes its bytes.
#include "transport/connection.hpp"
#include "transport/preface.hpp"

#include <algorithm>
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

// A step that finds no memory ends its connection, and nothing else (docs/design/0014).
template <class Step>
void or_close(connection& self, Step&& step) noexcept {
  try {
    step();
  } catch (std::bad_alloc const&) { self.close(errc::connection_closed, "out of memory"); }
}

}  // namespace

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

void connection::say_last_words() {
  buffer slab;
  gather last{slab, copied_size, write_size};
  std::size_t written = 0;
  if (fill(last) == errc::ok && !last.empty()) static_cast<void>(write(last.pieces(), written));
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
  static_cast<void>(backlog_.prepare(out.size() - written));  // at once
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

}  // namespace sluice::transport
