// SPDX-License-Identifier: Apache-2.0
#include "client/subchannel.hpp"

#include "core/in_words.hpp"
#include "http2/frame_types.hpp"
#include "net/host_port.hpp"
#include "net/time_source.hpp"

#include <sluice/rpc/errors.hpp>

#include <new>
#include <utility>

namespace sluice::calling {

subchannel::subchannel(asio::any_io_executor executor, channel_options const& options,
                       std::vector<address> addresses, channel::connector const* connect,
                       subchannel_owner& owner, std::string authority)
    : executor_{std::move(executor)}, scheduler_{coro::scheduler_of(executor_)}, options_{options},
      addresses_{std::move(addresses)}, connect_{connect}, owner_{owner}, authority_{std::move(authority)},
      backoff_{options, scheduler_->random_seed()} {}

subchannel::~subchannel() { scheduler_->timers().cancel(*this); }

void subchannel::become(connectivity state) {
  if (std::exchange(state_, state) != state) owner_.subchannel_changed(*this);
}

// ---- connecting ------------------------------------------------------------------------------------------------------

void subchannel::connect() {
  if (state_ != connectivity::idle) return;
  try {
    dial();
  } catch (std::bad_alloc const&) { give_up(); }
}

void subchannel::give_up() {
  scheduler_->timers().cancel(*this);
  connection_.reset();
  failed(status{code::unavailable, "out of memory"});
}

void subchannel::dial() {
  began_ = scheduler_->now();
  become(connectivity::connecting);
  if (connect_ != nullptr) {
    auto bytes = connector_gives();
    return bytes ? begin_http2(std::move(*bytes)) : failed(bytes.status());
  }
  net::dial_options dialling;
  dialling.timeout = options_.connect_timeout;
  auto const& keepalive = options_.keepalive;
  if (keepalive.time != duration::max()) dialling.user_timeout = keepalive.timeout;
  dial_ = std::make_unique<net::dial>(executor_, addresses_, std::move(dialling),
                                      [this](result<std::unique_ptr<byte_stream>, std::string> made) {
                                        auto const keep = shared_from_this();
                                        scheduler_->turn([&] { dialled(std::move(made)); });
                                      });
}

result<std::unique_ptr<byte_stream>> subchannel::connector_gives() {
  try {
    if (auto bytes = (*connect_)()) return bytes;
  } catch (std::bad_alloc const&) { throw; } catch (std::exception const& error) {
    return status{code::unavailable, std::string{"the channel's connector threw: "} + error.what()};
  } catch (...) { return status{code::unavailable, "the channel's connector threw"}; }
  return status{code::unavailable, "the channel's connector gave no connection"};
}

void subchannel::dialled(result<std::unique_ptr<byte_stream>, std::string> made) {
  auto const done = std::move(dial_);
  if (!made) return failed(status{code::unavailable, made.error()});
  try {
    begin_http2(std::move(*made));
  } catch (std::bad_alloc const&) { give_up(); }
}

void subchannel::begin_http2(std::unique_ptr<byte_stream> bytes) {
  scheduler_->start_timer(*this, deadline::after(began_, options_.connect_timeout).at());
  if (options_.tls) {
    auto const name = net::split_host_port(authority_);
    bytes = options_.tls->wrap(executor_, std::move(bytes), name ? name->host : authority_);
  }
  connection_ = std::make_shared<transport::connection>(
      *scheduler_, std::move(bytes),
      http2::session_options{.side = http2::side::client,
                             .max_concurrent_streams = 0,
                             .initial_window = options_.stream_window,
                             .connection_window = options_.connection_window,
                             .max_header_list_size = options_.max_header_list_size,
                             .limits = options_.limits},
      transport::connection_times{.keepalive = {.time = options_.keepalive.time,
                                                .timeout = options_.keepalive.timeout,
                                                .without_calls = options_.keepalive.permit_without_calls}});
  connection_->start(*this);
}

void subchannel::settings_received(transport::connection& on) {
  if (&on != connection_.get()) return;  // one that leaves
  if (state_ == connectivity::connecting) {
    scheduler_->timers().cancel(*this);
    backoff_.reset();
    if (options_.observer != nullptr) options_.observer->connection_opened(on.peer());
    become(connectivity::ready);
  }
  owner_.subchannel_has_room(*this);
}

void subchannel::expired() noexcept {
  if (state_ == connectivity::transient_failure) return become(connectivity::idle);
  auto const keep = shared_from_this();
  if (!connection_) return;
  status const why = in_words(code::unavailable, [&] {
    return "connected to " + connection_->peer() + ", but no HTTP/2 SETTINGS came within " +
           net::describe(options_.connect_timeout);
  });
  connection_->close(errc::not_http2, why.message());
}

void subchannel::failed(status why) {
  failure_ = std::move(why);
  if (options_.log) options_.log(log_level::info, failure_.message());
  scheduler_->start_timer(*this, deadline::after(scheduler_->now(), backoff_.next()).at());
  become(connectivity::transient_failure);
}

// ---- connected -------------------------------------------------------------------------------------------------------

void subchannel::stream_closed(transport::connection& on) noexcept {
  if (&on == connection_.get()) owner_.subchannel_has_room(*this);
}

void subchannel::goaway_received(transport::connection& on, std::uint32_t error,
                                 std::string_view text) noexcept {
  if (&on != connection_.get()) return;  // its second one
  if (error == http2::errors::enhance_your_calm && text == "too_many_pings") owner_.too_many_pings();
  // New calls go to a new connection; what is open here may finish.
  failure_ = in_words(code::unavailable, [&] {
    return "the server went away (GOAWAY, HTTP/2 error " + std::to_string(error) +
           (text.empty() ? ")" : "): " + std::string{text});
  });
  if (options_.log && error != 0) options_.log(log_level::warning, failure_.message());
  if (state_ == connectivity::ready) {
    leaving_.push_back(std::exchange(connection_, nullptr));
    leaving_.back()->drain();
    become(connectivity::idle);
  }
}

void subchannel::connection_closed(transport::connection& on, errc why, std::string_view text) noexcept {
  auto const keep = shared_from_this();
  bool const current = &on == connection_.get();
  auto const gone = current ? std::exchange(connection_, nullptr) : on.shared_from_this();
  bool const was_ready = current ? state_ == connectivity::ready : std::erase(leaving_, gone) != 0;
  if (current && state_ == connectivity::connecting) {
    scheduler_->timers().cancel(*this);
    return failed(in_words(code::unavailable, [&] {
      return "connect to " + gone->peer() + " failed after " + net::describe(scheduler_->now() - began_) +
             ": " + std::string{text};
    }));
  }
  if (was_ready && options_.observer != nullptr) options_.observer->connection_closed(gone->peer(), text);
  if (!current) return;
  failure_ = in_words(code::unavailable,
                      [&] { return "connection to " + gone->peer() + " lost: " + std::string{text}; });
  if (why == errc::protocol_error && options_.log) options_.log(log_level::warning, failure_.message());
  become(connectivity::idle);
}

void subchannel::disconnect(bool graceful) {
  auto const keep = shared_from_this();
  scheduler_->timers().cancel(*this);
  dial_.reset();
  if (state_ == connectivity::connecting && connection_)  // given up: that is no failure
    std::exchange(connection_, nullptr)->close(errc::connection_closed, "the channel was shut down");
  if (graceful && connection_) return connection_->drain();
  if (connection_) connection_->close(errc::connection_closed, "the channel was shut down");
  if (!graceful)
    for (auto const& each : std::vector{leaving_})
      each->close(errc::connection_closed, "the channel was shut down");
  become(connectivity::idle);
}

}  // namespace sluice::calling
