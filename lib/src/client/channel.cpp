// SPDX-License-Identifier: Apache-2.0
#include <sluice/client/channel.hpp>

#include "client/channel_state.hpp"

#include <sluice/coro/executor.hpp>
#include <sluice/coro/first_of.hpp>
#include <sluice/coro/sleep.hpp>

#include <utility>

namespace sluice {
namespace {

target parse_or_throw(std::string_view text) {
  auto parsed = parse_target(text);
  if (!parsed) throw status_error{code::invalid_argument, parsed.error()};
  return std::move(*parsed);
}

task<void> wait_for_end(std::shared_ptr<calling::channel_state> state) { co_await state->ended().wait(); }
task<void> wait_for_grace(duration grace) { co_await sleep_for(grace); }

task<void> shut_down(std::shared_ptr<calling::channel_state> state, duration grace) {
  state->drain();
  // Whatever ends the wait, a stop too, the channel is closed when this is over.
  if (!state->ended().is_set())
    static_cast<void>(co_await as_result(first_of(wait_for_end(state), wait_for_grace(grace))));
  state->close();
}

task<connectivity> next_state(std::shared_ptr<calling::channel_state> state, connectivity known) {
  while (state->state() == known && known != connectivity::shutdown) co_await state->changed().wait();
  co_return state->state();
}

task<void> until_ready(std::shared_ptr<calling::channel_state> state) {
  while (state->state() != connectivity::ready) {
    if (state->state() == connectivity::shutdown)
      throw status_error{code::unavailable, "the channel was shut down"};
    state->connect();
    if (state->state() == connectivity::ready) break;
    co_await state->changed().wait();
  }
}

}  // namespace

std::string_view to_string(connectivity state) noexcept {
  switch (state) {
    case connectivity::idle: return "IDLE";
    case connectivity::connecting: return "CONNECTING";
    case connectivity::ready: return "READY";
    case connectivity::transient_failure: return "TRANSIENT_FAILURE";
    case connectivity::shutdown: return "SHUTDOWN";
  }
  return "SHUTDOWN";
}

channel::channel(serial_executor where, std::string_view target)
    : channel{std::move(where), target, channel_options{}} {}
channel::channel(serial_executor where, std::string_view target, channel_options options)
    : state_{std::make_shared<calling::channel_state>(where.get(), parse_or_throw(target),
                                                      std::move(options))} {}

channel::channel(serial_executor where, connector connect)
    : channel{std::move(where), std::move(connect), channel_options{}} {}
channel::channel(serial_executor where, connector connect, channel_options options)
    : state_{std::make_shared<calling::channel_state>(where.get(), std::move(connect), std::move(options))} {}

channel::~channel() { state_->close(); }

connectivity channel::state() const noexcept { return state_->state(); }
void channel::connect() { state_->connect(); }
task<connectivity> channel::state_changed(connectivity known) { return next_state(state_, known); }
task<void> channel::ready() { return until_ready(state_); }
task<void> channel::shutdown(duration grace) { return shut_down(state_, grace); }
void channel::close() { state_->close(); }
std::string const& channel::target() const noexcept { return state_->target_text(); }
boost::asio::any_io_executor channel::executor() const { return state_->executor(); }

client_call_ptr new_call(channel& on, method which, call_options&& options) {
  if (on.state_->intercepts() || options.credentials())
    return client_call_ptr{new calling::intercepted_call{on.state_, which, nullptr, std::move(options)}};
  return client_call_ptr{new calling::outgoing_call{on.state_, which, std::move(options)}};
}

client_call_ptr new_call(channel& on, std::string path, method_kind kind, call_options&& options) {
  auto const kept = std::make_shared<std::string const>(std::move(path));
  method const which{*kept, kind};
  if (on.state_->intercepts() || options.credentials())
    return client_call_ptr{new calling::intercepted_call{on.state_, which, kept, std::move(options)}};
  return client_call_ptr{new calling::outgoing_call{on.state_, which, kept, std::move(options)}};
}

}  // namespace sluice
