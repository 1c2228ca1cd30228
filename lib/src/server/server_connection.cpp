// SPDX-License-Identifier: Apache-2.0
#include "server/server_connection.hpp"

#include "server/shard.hpp"

#include <new>
#include <utility>

namespace sluice::serving {
namespace {

http2::session_options session_options_of(server_options const& options) noexcept {
  return {.side = http2::side::server,
          .max_concurrent_streams = options.max_concurrent_streams,
          .initial_window = options.stream_window,
          .connection_window = options.connection_window,
          .max_header_list_size = options.max_header_list_size,
          .limits = options.limits};
}

transport::connection_times times_of(server_options const& options) noexcept {
  auto const& keepalive = options.keepalive;
  return {.keepalive = {.time = keepalive.time, .timeout = keepalive.timeout, .without_calls = true},
          .min_ping_interval = keepalive.min_ping_interval,
          .pings_without_calls = keepalive.permit_without_calls,
          .idle = options.max_connection_idle,
          .age = options.max_connection_age,
          .age_grace = options.max_connection_age_grace,
          .drain_answer = keepalive.timeout};
}

}  // namespace

server_connection::server_connection(std::shared_ptr<shard> of, std::unique_ptr<byte_stream> bytes)
    : shard_{std::move(of)}, connection_{std::make_shared<transport::connection>(
                                 shard_->scheduler(), std::move(bytes), session_options_of(shard_->options()),
                                 times_of(shard_->options()))} {}

server_connection::~server_connection() = default;

void server_connection::start() {
  if (auto* const observer = options().observer) observer->connection_opened(peer());
  connection_->start(*this);
}

void server_connection::drain() { connection_->drain(); }

void server_connection::close(stop_reason why) {
  auto const keep = shared_from_this();
  connection_->close(errc::connection_closed, to_string(why));
}

server_options const& server_connection::options() const noexcept { return shard_->options(); }
dispatcher const& server_connection::dispatch() const noexcept { return shard_->dispatch(); }
dispatcher::entry server_connection::find(std::string_view path) noexcept {
  if (found_.handler == nullptr || found_.handler->method.path != path) found_ = dispatch().find(path);
  return found_;
}

std::shared_ptr<std::string const> server_connection::share_authority(std::string_view text) {
  if (authority_ == nullptr || *authority_ != text) authority_ = std::make_shared<std::string const>(text);
  return authority_;
}

stop_token server_connection::drain_token() noexcept { return shard_->drain_token(); }

common_answers const& server_connection::answers() const noexcept { return shard_->answers(); }

coding::compressor_set& server_connection::compressors() noexcept { return shard_->compressors(); }

coding::accepted_mask server_connection::accepted_encodings(std::string_view list) {
  if (list == accept_list_) return accepted_;
  accept_list_ = list;
  return accepted_ = compressors().read_list(list);
}

void server_connection::log(log_level level, std::string_view text) const noexcept {
  if (options().log) options().log(level, text);
}

void server_connection::call_began(incoming_call& call) noexcept {
  ++running_;
  shard_->call_began(call);
}

void server_connection::call_gone(incoming_call& call) noexcept {
  --running_;
  shard_->call_gone(call);
}

bool server_connection::observe_start(std::string_view method) noexcept {
  auto* const observer = options().observer;
  if (observer != nullptr) observer->call_started(method, peer());
  return observer != nullptr;
}

void server_connection::observe_end(std::string_view method, status const& outcome,
                                    time_point began) noexcept {
  options().observer->call_ended(method, outcome, scheduler().now() - began);
}

transport::stream* server_connection::stream_opened() {
  if (running_ >= options().max_concurrent_streams) return nullptr;
  return new incoming_call{shared_from_this()};
}

void server_connection::connection_closed(transport::connection&, errc why, std::string_view text) noexcept {
  bool const abuse = why == errc::not_http2 || why == errc::handshake_failed || why == errc::protocol_error;
  try {
    log(abuse ? log_level::warning : log_level::debug,
        "connection from " + peer() + ": " + std::string{to_string(why)} + ": " + std::string{text});
  } catch (std::bad_alloc const&) {  // then it is not told
  }
  if (auto* const observer = options().observer) observer->connection_closed(peer(), text);
  shard_->connection_gone(*this);
}

}  // namespace sluice::serving
