// SPDX-License-Identifier: Apache-2.0
#include "transport/connection_timers.hpp"

#include "http2/frame_types.hpp"
#include "net/time_source.hpp"
#include "transport/connection.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <new>
#include <string>

namespace sluice::transport {
namespace {

constexpr std::uint64_t keepalive_ping = 0x736c75696365'0002;

// splitmix64's last step: every bit of the seed moves every bit of the result.
constexpr std::uint64_t mix(std::uint64_t seed) noexcept {
  seed += 0x9e3779b97f4a7c15;
  seed = (seed ^ (seed >> 30U)) * 0xbf58476d1ce4e5b9;
  seed = (seed ^ (seed >> 27U)) * 0x94d049bb133111eb;
  return seed ^ (seed >> 31U);
}

// From nine tenths of `age` to eleven.
duration jittered(duration age, std::uint64_t seed) noexcept {
  if (age > duration::max() / 2) return age;
  constexpr std::uint64_t steps = 2001;
  auto const step = static_cast<std::int64_t>(mix(seed) % steps) - 1000;
  return age + duration{age.count() / 10'000 * step};
}

}  // namespace

void connection_timers::start() {
  time_point const now = connection_.scheduler().now();
  heard_ = idle_since_ = now;
  auto const seed = static_cast<std::uint64_t>(now.time_since_epoch().count()) ^
                    std::hash<std::string_view>{}(connection_.peer());
  age_due_ = deadline::after(now, jittered(times_.age, seed)).at();
  sweeps_ = !connection_.is_server();
  if (connection_.is_server()) handshake_due_ = deadline::after(now, limits_.handshake_timeout).at();
  arm(next());
}

void connection_timers::stop() { connection_.scheduler().timers().cancel(*this); }

void connection_timers::note_heard() { heard_ = connection_.scheduler().now(); }

void connection_timers::note_idle() {
  idle_since_ = connection_.scheduler().now();
  arm(idle_due());
}

void connection_timers::arm_for_calls() { arm(keepalive_.next(heard_, true)); }

void connection_timers::begin_sweeps() {
  sweeps_ = true;
  stall_due_ = deadline::after(connection_.scheduler().now(), limits_.stalled_response_timeout).at();
  arm(stall_due_);
}

void connection_timers::greeted() {
  handshake_due_ = time_point::max();
  settings_due_ = deadline::after(connection_.scheduler().now(), limits_.settings_timeout).at();
  arm(settings_due_);
}

void connection_timers::note_block(std::uint64_t open_block) {
  block_ = open_block;
  block_due_ = time_point::max();
  if (open_block == 0) return;
  block_due_ = deadline::after(connection_.scheduler().now(), limits_.header_block_timeout).at();
  arm(block_due_);
}

void connection_timers::write_blocked(bool progress) {
  if (!progress && write_due_ != time_point::max()) return;
  write_due_ = deadline::after(connection_.scheduler().now(), limits_.write_timeout).at();
  arm(write_due_);
}

void connection_timers::drain_announced() {
  drain_due_ = deadline::after(connection_.scheduler().now(), times_.drain_answer).at();
  arm(drain_due_);
}

void connection_timers::arm(time_point at) {
  if (at >= armed_ || connection_.closed()) return;
  armed_ = at;
  connection_.scheduler().start_timer(*this, at);
}

time_point connection_timers::idle_due() const noexcept {
  if (connection_.open_streams() != 0 || connection_.draining()) return time_point::max();
  return deadline::after(idle_since_, times_.idle).at();
}

time_point connection_timers::next() const noexcept {
  return std::min({keepalive_.next(heard_, connection_.open_streams() != 0), idle_due(), age_due_,
                   grace_ends_, drain_due_, handshake_due_, settings_due_, block_due_, write_due_,
                   stall_due_});
}

void connection_timers::expired() noexcept {
  auto const keep = connection_.shared_from_this();
  try {
    check(connection_.scheduler().now());
  } catch (std::bad_alloc const&) { connection_.close(errc::connection_closed, "out of memory"); }
}

void connection_timers::check(time_point now) {
  armed_ = time_point::max();
  if (check_limits(now) || check_keepalive(now) || check_age(now)) return;
  check_idle(now);
  if (now >= drain_due_) connection_.finish_drain();
  check_stalls(now);
  if (!connection_.closed()) arm(next());
}

bool connection_timers::check_limits(time_point now) {
  if (connection_.settings_acknowledged()) settings_due_ = time_point::max();
  // A stream with a buffer of its own tells nobody that some of it has left.
  if (now >= write_due_ && connection_.some_has_left())
    write_due_ = connection_.sends() ? deadline::after(now, limits_.write_timeout).at() : time_point::max();
  // What is not read cannot come: the write's time runs instead.
  if (connection_.too_much_to_send()) {
    if (now >= settings_due_) settings_due_ = deadline::after(now, limits_.settings_timeout).at();
    if (now >= block_due_) block_due_ = deadline::after(now, limits_.header_block_timeout).at();
  }
  if (now >= handshake_due_)
    connection_.close(errc::not_http2, "no HTTP/2 preface and SETTINGS came within " +
                                           net::describe(limits_.handshake_timeout));
  else if (now >= write_due_)
    connection_.close(errc::connection_closed,
                      "the peer took nothing of what was sent for " + net::describe(limits_.write_timeout));
  else if (now >= settings_due_)
    connection_.fail(http2::errors::settings_timeout,
                     "SETTINGS were not acknowledged within " + net::describe(limits_.settings_timeout));
  else if (now >= block_due_)
    connection_.fail(http2::errors::enhance_your_calm,
                     "a header block was not complete within " + net::describe(limits_.header_block_timeout));
  return connection_.closed();
}

bool connection_timers::check_keepalive(time_point now) {
  switch (keepalive_.check(now, heard_, connection_.open_streams() != 0)) {
    case http2::keepalive::verdict::wait: return false;
    case http2::keepalive::verdict::ping: connection_.ping(keepalive_ping); return false;
    case http2::keepalive::verdict::dead: break;
  }
  connection_.close(errc::connection_closed,
                    "the keepalive ping was not answered within " + net::describe(times_.keepalive.timeout));
  return true;
}

bool connection_timers::check_age(time_point now) {
  if (now >= age_due_) {
    age_due_ = time_point::max();
    grace_ends_ = deadline::after(now, times_.age_grace).at();
    connection_.drain("max_age");
  }
  if (!connection_.closed() && now >= grace_ends_)
    connection_.close(errc::connection_closed, "the connection's maximum age and its grace are over");
  return connection_.closed();
}

void connection_timers::check_stalls(time_point now) {
  if (now < stall_due_) return;
  connection_.reset_stalled();
  if (connection_.open_streams() != 0) return begin_sweeps();
  stall_due_ = time_point::max();
  sweeps_ = false;
}

void connection_timers::check_idle(time_point now) {
  if (now >= idle_due()) connection_.drain("max_idle");
}

}  // namespace sluice::transport
