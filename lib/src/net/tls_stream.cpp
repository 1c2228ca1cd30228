// SPDX-License-Identifier: Apache-2.0
#include "net/tls_stream.hpp"

#include <sluice/core/block_pool.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <new>
#include <type_traits>
#include <utility>

#include "net/time_source.hpp"

namespace sluice::net {
namespace {

constexpr std::size_t most_encrypted = std::size_t{64} * 1024;
constexpr std::size_t full_record = std::size_t{16} * 1024;
constexpr std::size_t record_frame = 32;  // at most that much more than its plaintext
// Of one read, so that records without content (a peer may send key updates for ever) have an end.
constexpr int most_pulls = 8;
constexpr std::size_t most_dropped = std::size_t{1024} * 1024;  // behind a failure

constexpr std::size_t index_of(io_direction direction) noexcept {
  return static_cast<std::size_t>(direction);
}

class tls_state;

/// The one wait below in its direction. Whoever waits above is kept in here, and so only as long as the wait below is:
/// when the executor's context drops that, nothing is left that keeps itself alive.
struct relay final : io_waiter {
  explicit relay(std::shared_ptr<tls_state> of) noexcept : state{std::move(of)} {}
  void ready(io_direction direction) noexcept override;

  std::shared_ptr<tls_state> state;
  std::array<std::shared_ptr<io_waiter>, 2> above;
};

class tls_state final : public std::enable_shared_from_this<tls_state>,
                        private tls_records,
                        private coro::timer {
 public:
  tls_state(asio::any_io_executor const& executor, std::unique_ptr<byte_stream> below, tls_begin begin)
      : scheduler_{coro::scheduler_of(executor)}, below_{std::move(below)}, keep_{std::move(begin.keep)},
        timeout_{begin.handshake_timeout}, engine_{begin.side, *begin.context, *begin.method, *this} {
    if (begin.prepare) begin.prepare(engine_);
    if (timeout_ != duration::max())
      scheduler_->start_timer(*this, deadline::after(scheduler_->now(), timeout_).at());
  }
  ~tls_state() { scheduler_->timers().cancel(*this); }

  [[nodiscard]] byte_stream& below() const noexcept { return *below_; }
  [[nodiscard]] std::string failure() const {
    return engine_.phase() == tls_engine::phase::failed ? "TLS: " + engine_.failure() : below_->failure();
  }
  [[nodiscard]] std::shared_ptr<peer_identity const> identity() {
    if (!identity_ && engine_.phase() == tls_engine::phase::open)
      identity_ = std::make_shared<peer_identity const>(engine_.identity());
    return identity_;
  }

  [[nodiscard]] std::size_t unsent() const noexcept { return write_error_ || is_failed() ? 0 : out_.size(); }

  io_result read(std::span<std::byte> into) noexcept {
    if (closed_) return failed(std::errc::bad_file_descriptor);
    if (into.empty()) return {};
    if (is_failed() && ending_) return drop(into);
    drained_ = false;
    pulls_ = 0;
    io_result result;
    if (shake_hands()) result = decrypt(into);
    else result.would_block = true;
    flush();
    if (is_failed() && result.bytes == 0) return failed(std::errc::protocol_error);
    more_ = result.bytes == into.size() || pulls_ > most_pulls;
    return result;
  }

  io_result write(std::span<bytes_view const> pieces) noexcept {
    if (closed_ || ending_) return failed(closed_ ? std::errc::bad_file_descriptor : std::errc::broken_pipe);
    drained_ = true;  // a write begins the handshake, and leaves what the peer says to the reader
    bool const open = shake_hands();
    flush();
    io_result result;
    if (open) result.bytes = encrypt(pieces);
    if (is_failed() || write_error_)
      return write_error_ ? failed(write_error_) : failed(std::errc::protocol_error);
    result.would_block = result.bytes == 0 && std::any_of(pieces.begin(), pieces.end(),
                                                          [](bytes_view each) { return !each.empty(); });
    return result;
  }

  void wait(io_direction direction, std::shared_ptr<io_waiter> waiter) {
    if (closed_) return;
    bool const reading = direction == io_direction::read;
    bool const broken = is_failed() || (write_error_ && !reading);
    // What a failed engine holds is never read: who drops the rest waits for it below.
    bool const held = reading && !is_failed() && (more_ || peer_ended_);
    if ((broken && !ending_) || held) return post(direction, std::move(waiter));
    // Until the handshake is over a writer waits for the peer, unless our own part of it has still to leave.
    bool const for_peer =
        reading || needs_peer_ || (engine_.phase() == tls_engine::phase::handshaking && out_.empty());
    wait_below(for_peer ? io_direction::read : io_direction::write)->above[index_of(direction)] =
        std::move(waiter);
  }

  void shutdown_write() noexcept {
    if (closed_ || std::exchange(ending_, true)) return;
    engine_.shutdown();
    flush();
  }

  void close() noexcept {
    if (std::exchange(closed_, true)) return;
    auto const keep = shared_from_this();
    scheduler_->timers().cancel(*this);
    if (!ending_) engine_.shutdown();
    flush();
    if (out_.empty() || write_error_ || !linger()) finish_close();
  }

  // From the wait below.
  void ready(io_direction direction, std::array<std::shared_ptr<io_waiter>, 2> const& above) {
    waiting_[index_of(direction)].reset();
    if (closed_) return go_on_lingering();
    scheduler_->turn([&] {
      if (direction == io_direction::write) {
        flush();
        if (!out_.empty() && !write_error_) {
          if (auto const again = waiting_[index_of(direction)].lock()) again->above = above;
          return;
        }
      } else if (engine_.phase() == tls_engine::phase::handshaking) {
        drained_ = false;
        pulls_ = 0;
        static_cast<void>(shake_hands());
        flush();
        more_ = true;  // what followed the handshake may be in here
      } else if (std::exchange(needs_peer_, false)) {
        drained_ = false;
        pulls_ = 0;
        engine_.advance();
        flush();
        more_ = true;
      }
      for (auto const each : {io_direction::read, io_direction::write})
        if (above[index_of(each)] && !closed_) above[index_of(each)]->ready(each);
    });
  }

 private:
  template <class Error>
  static io_result failed(Error error) noexcept {
    io_result result;
    if constexpr (std::is_same_v<Error, std::errc>) result.error = std::make_error_code(error);
    else result.error = error;
    return result;
  }
  [[nodiscard]] bool is_failed() const noexcept { return engine_.phase() == tls_engine::phase::failed; }

  // tls_records
  io_result pull(std::span<std::byte> into) noexcept override {
    io_result result;
    if (drained_ || pulls_++ >= most_pulls) {
      result.would_block = true;
      return result;
    }
    result = below_->read(into);
    drained_ = result.bytes < into.size();  // asking again would find nothing
    return result;
  }
  bool push(bytes_view bytes) noexcept override {
    if (out_.size() > 4 * most_encrypted) return false;  // no honest peer makes us answer so much
    try {
      out_.append(bytes);
      return true;
    } catch (std::bad_alloc const&) { return false; }
  }

  bool shake_hands() noexcept {
    if (engine_.phase() == tls_engine::phase::open) return true;
    if (engine_.handshake() == tls_engine::outcome::blocked) return false;
    scheduler_->timers().cancel(*this);
    // The writer who waits for this, if it was not that wait which brought us here.
    if (auto const wait = waiting_[index_of(io_direction::read)].lock())
      if (auto writer = std::exchange(wait->above[index_of(io_direction::write)], nullptr))
        post(io_direction::write, std::move(writer));
    return !is_failed();
  }

  /// Takes what still comes, so that the peer reads why it failed (see graceful_close). It is nobody's plaintext: none of
  /// it is told.
  io_result drop(std::span<std::byte> scratch) noexcept {
    for (int i = 0; i != most_pulls; ++i) {
      auto got = below_->read(scratch);
      dropped_ += got.bytes;
      if (dropped_ > most_dropped) return failed(std::errc::connection_aborted);
      if (std::exchange(got.bytes, 0) == 0) return got;
    }
    io_result later;
    later.would_block = true;
    return later;
  }

  io_result decrypt(std::span<std::byte> into) noexcept {
    io_result result;
    while (result.bytes < into.size()) {
      std::size_t got = 0;
      auto const how = engine_.read(into.subspan(result.bytes), got);
      result.bytes += got;
      if (how == tls_engine::outcome::done) continue;
      result.would_block = how == tls_engine::outcome::blocked && result.bytes == 0;
      peer_ended_ = peer_ended_ || how == tls_engine::outcome::end;
      result.end = how == tls_engine::outcome::end && result.bytes == 0;
      break;
    }
    return result;
  }

  /// Encrypts while what was encrypted leaves; how many bytes of the pieces.
  std::size_t encrypt(std::span<bytes_view const> pieces) noexcept {
    std::size_t taken = 0;
    std::size_t in_batch = 0;
    std::array<std::byte, full_record> gathered;
    std::size_t gathered_size = 0;
    auto const put = [&](bytes_view part) {
      if (part.empty()) return true;
      reserve(part.size());
      auto const how = engine_.write(part);
      needs_peer_ = how == tls_engine::outcome::blocked;
      if (how != tls_engine::outcome::done) return false;
      taken += part.size();
      in_batch += part.size();
      return true;
    };
    auto const put_gathered = [&] {
      return put(bytes_view{gathered}.first(std::exchange(gathered_size, 0)));
    };
    for (std::size_t i = 0; i != pieces.size(); ++i) {
      auto rest = pieces[i];
      while (!rest.empty()) {
        if (in_batch + gathered_size >= most_encrypted) {
          if (!put_gathered()) return taken;
          in_batch = 0;
          flush();
        }
        if (!out_.empty() && in_batch == 0) return taken;
        // Small pieces share a record; what fills records is not copied.
        bool const whole = gathered_size == 0 && (rest.size() >= full_record || i + 1 == pieces.size());
        auto const part = rest.first(
            std::min(rest.size(), whole ? most_encrypted - in_batch : full_record - gathered_size));
        rest = rest.subspan(part.size());
        if (whole) {
          if (!put(part)) return taken;
          continue;
        }
        std::copy(part.begin(), part.end(), gathered.begin() + static_cast<std::ptrdiff_t>(gathered_size));
        gathered_size += part.size();
        if (gathered_size == full_record && !put_gathered()) return taken;
      }
    }
    static_cast<void>(put_gathered());
    flush();
    return taken;
  }

  void reserve(std::size_t plaintext) noexcept {
    try {
      static_cast<void>(out_.prepare(plaintext + (plaintext / full_record + 1) * record_frame));
    } catch (std::bad_alloc const&) {
      // It grows by steps, or `push` says so.
    }
  }

  /// Writes what is encrypted, once; arranges for the rest.
  void flush() noexcept {
    if (!out_.empty() && !write_error_) {
      std::array<bytes_view, 1> const pieces{out_.view()};
      auto const put = below_->write(pieces);
      out_.consume(put.bytes);
      write_error_ = put.error;
    }
    if (out_.empty()) {
      out_.release();
      if (ending_ && !std::exchange(ended_below_, true)) below_->shutdown_write();
    } else if (!write_error_ && (!closed_ || lingering_)) {
      try {
        static_cast<void>(wait_below(io_direction::write));
      } catch (std::bad_alloc const&) { write_error_ = std::make_error_code(std::errc::not_enough_memory); }
    }
  }

  std::shared_ptr<relay> wait_below(io_direction direction) {
    auto& outstanding = waiting_[index_of(direction)];
    if (auto made = outstanding.lock()) return made;
    auto made = std::allocate_shared<relay>(block_allocator<relay>{}, shared_from_this());
    outstanding = made;
    below_->wait(direction, made);
    return made;
  }

  void post(io_direction direction, std::shared_ptr<io_waiter> waiter) {
    asio::post(coro::executor_of(*scheduler_),
               [self = shared_from_this(), direction, told = std::move(waiter)] {
                 if (!self->closed_) told->ready(direction);
               });
  }

  // What was taken still leaves, as from a socket that was closed. False: nobody would tell when.
  bool linger() noexcept {
    constexpr std::chrono::seconds longest{10};
    if (scheduler_->is_over()) return false;
    lingering_ = true;
    scheduler_->start_timer(*this, scheduler_->now() + longest);
    return waiting_[index_of(io_direction::write)].lock() != nullptr;
  }
  void go_on_lingering() noexcept {
    if (!lingering_) return;
    flush();
    if (out_.empty() || write_error_) finish_close();
  }
  void finish_close() noexcept {
    lingering_ = false;
    scheduler_->timers().cancel(*this);
    below_->close();
    out_.release();
  }

  // The handshake takes too long, or what is left does not leave.
  void expired() noexcept override {
    auto const keep = shared_from_this();
    if (lingering_) return finish_close();
    engine_.fail("the handshake did not end within " + describe(timeout_));
    for (auto const& outstanding : waiting_) {
      auto const wait = outstanding.lock();
      if (!wait) continue;
      auto const above = std::exchange(wait->above, {});
      for (auto const each : {io_direction::read, io_direction::write})
        if (above[index_of(each)] && !closed_) above[index_of(each)]->ready(each);
    }
  }

  std::shared_ptr<coro::scheduler> scheduler_;
  std::unique_ptr<byte_stream> below_;
  std::shared_ptr<void const> keep_;
  duration timeout_;
  tls_engine engine_;
  buffer out_;  // encrypted, not taken yet
  std::array<std::weak_ptr<relay>, 2> waiting_;
  std::error_code write_error_;
  std::shared_ptr<peer_identity const> identity_;
  std::size_t dropped_ = 0;  // behind a failure
  int pulls_ = 0;  // of this step
  bool drained_ = false;  // the last pull of this step took all there was
  bool more_ = false;  // the last read filled its buffer: there may be more in here
  bool peer_ended_ = false;
  bool ending_ = false;
  bool ended_below_ = false;
  bool needs_peer_ = false;  // a write goes on when the rest of a message of the peer's has come
  bool closed_ = false;
  bool lingering_ = false;
};

void relay::ready(io_direction direction) noexcept {
  auto const of = state;
  of->ready(direction, std::exchange(above, {}));
}

class tls_stream final : public byte_stream {
 public:
  explicit tls_stream(std::shared_ptr<tls_state> state) noexcept : state_{std::move(state)} {}
  ~tls_stream() override { close(); }

  io_result read(std::span<std::byte> into) noexcept override { return state_->read(into); }
  io_result write(std::span<bytes_view const> pieces) noexcept override { return state_->write(pieces); }
  void wait(io_direction direction, std::shared_ptr<io_waiter> waiter) override {
    state_->wait(direction, std::move(waiter));
  }
  void shutdown_write() noexcept override { state_->shutdown_write(); }
  void close() noexcept override { state_->close(); }
  std::size_t unsent() const noexcept override { return state_->unsent(); }
  std::string peer() const override { return state_->below().peer(); }
  std::string local() const override { return state_->below().local(); }
  std::string failure() const override { return state_->failure(); }
  std::shared_ptr<peer_identity const> identity() const override { return state_->identity(); }

 private:
  std::shared_ptr<tls_state> state_;
};

}  // namespace

std::unique_ptr<byte_stream> make_tls_stream(asio::any_io_executor const& executor,
                                             std::unique_ptr<byte_stream> below, tls_begin begin) {
  return std::make_unique<tls_stream>(
      std::make_shared<tls_state>(executor, std::move(below), std::move(begin)));
}

}  // namespace sluice::net
