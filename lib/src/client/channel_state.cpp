// SPDX-License-Identifier: Apache-2.0
#include "client/channel_state.hpp"

#include "net/time_source.hpp"
#include "wire/encoding.hpp"

#include <sluice/core/version.hpp>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

namespace sluice::calling {
namespace {

constexpr std::chrono::seconds shortest_keepalive{10};  // gRFC A8

}  // namespace

channel_state::channel_state(asio::any_io_executor executor, channel_options options)
    : executor_{std::move(executor)}, scheduler_{coro::scheduler_of(executor_)}, options_{std::move(options)},
      compressors_{options_.compressors}, authority_{options_.authority},
      intercepts_{!options_.interceptors.empty() || options_.credentials != nullptr},
      balancer_{make_pick_first(*this)}, resolve_backoff_{options_, scheduler_->random_seed()} {
  if (!wire::is_identity(options_.compression) && !options_.compressors.contains(options_.compression))
    throw status_error{code::invalid_argument,
                       "compression \"" + options_.compression + "\" is not among the channel's compressors"};
  options_.keepalive.time = std::max<duration>(options_.keepalive.time, shortest_keepalive);
  user_agent_ = options_.user_agent.empty() ? "" : options_.user_agent + " ";
  user_agent_.append("sluice/").append(version);
}

channel_state::channel_state(asio::any_io_executor executor, target to, channel_options options)
    : channel_state{std::move(executor), std::move(options)} {
  target_text_ = to.to_string();
  if (authority_.empty()) authority_ = to.authority;
  resolver_ = make_resolver(executor_, std::move(to), [this](result<std::vector<address>> found) {
    auto const keep = shared_from_this();
    scheduler_->turn([&] {
      if (closed_) return;
      if (found) {
        resolve_backoff_.reset();
        use(std::move(*found));
      } else {
        scheduler_->start_timer(resolve_retry_,
                                deadline::after(scheduler_->now(), resolve_backoff_.next()).at());
        balancer_->resolving_failed(found.error());
      }
    });
  });
}

void channel_state::use(std::vector<address> found) {
  try {
    balancer_->resolved(std::move(found));
  } catch (std::bad_alloc const&) {
    scheduler_->start_timer(resolve_retry_, deadline::after(scheduler_->now(), resolve_backoff_.next()).at());
    balancer_->resolving_failed(status{code::unavailable, "out of memory"});
  }
}

channel_state::channel_state(asio::any_io_executor executor, channel::connector connect,
                             channel_options options)
    : channel_state{std::move(executor), std::move(options)} {
  target_text_ = "connector";
  if (authority_.empty()) authority_ = "localhost";
  connect_ = std::move(connect);
}

channel_state::~channel_state() {
  scheduler_->timers().cancel(*this);
  scheduler_->timers().cancel(resolve_retry_);
}

// ---- connectivity ----------------------------------------------------------------------------------------------------

void channel_state::connect() {
  if (!closed_ && state_ == connectivity::idle) scheduler_->turn([this] { leave_idle(); });
}

void channel_state::leave_idle() {
  if (!coro::root::linked()) scheduler_->adopt(*this);
  become(connectivity::connecting);
  try {
    if (resolver_) resolver_->resolve();
    else balancer_->resolved({});
  } catch (std::bad_alloc const&) {
    become(connectivity::idle);  // the next call tries again
    throw;
  }
}

void channel_state::become(connectivity state) {
  if (std::exchange(state_, state) == state) return;
  changed_.set();
  changed_.reset();
}

std::shared_ptr<subchannel> channel_state::make_subchannel(std::vector<address> addresses) {
  auto made =
      std::make_shared<subchannel>(executor_, options_, std::move(addresses), connect_ ? &connect_ : nullptr,
                                   static_cast<subchannel_owner&>(*this), authority_);
  subchannels_.push_back(made);
  return made;
}

void channel_state::publish(connectivity state, std::shared_ptr<picker> by) {
  if (closed_) return;
  picker_ = std::move(by);
  become(state);
  serve_queue();
  if (state_ == connectivity::idle && !queue_.empty()) leave_idle();
  if (state_ == connectivity::ready && calls_.empty()) await_idleness();
}

void channel_state::subchannel_changed(subchannel& which) {
  if (!closed_) balancer_->changed(which);
}
void channel_state::subchannel_has_room(subchannel&) noexcept { serve_queue(); }

// gRFC A8: the next connections send them half as often.
void channel_state::too_many_pings() noexcept {
  duration& time = options_.keepalive.time;
  time = time > duration::max() / 2 ? duration::max() : time * 2;
  if (!options_.log) return;
  try {
    options_.log(log_level::warning,
                 "the server wants fewer keepalive pings: keepalive.time of the channel to " + target_text_ +
                     " is now " + net::describe(time));
  } catch (std::bad_alloc const&) {  // then it is not told
  }
}

void channel_state::expired() noexcept {
  if (!calls_.empty()) return;
  for (auto const& each : subchannels_) each->disconnect(true);
}

// ---- calls -----------------------------------------------------------------------------------------------------------

void channel_state::call_began(outgoing_call& call) noexcept {
  scheduler_->timers().cancel(*this);
  calls_.push_back(call);
  if (options_.observer != nullptr) options_.observer->call_started(call.which().path);
}

void channel_state::submit(outgoing_call& call) {
  if (closed_ || (draining_ && !call.continues_a_call()))
    return call.end(status{code::unavailable, "the channel was shut down"});
  if (state_ == connectivity::idle) leave_idle();
  if (call.ended()) return;
  bool const in_turn = queue_.empty() || turned_away(call);
  if (!in_turn || place(call) != placing::done) {
    if (!call.ended()) queue_.push_back(call);
  }
}

// Nobody overtakes those who wait, but a call that has nothing to wait for is told so at once.
bool channel_state::turned_away(outgoing_call const& call) {
  if (!picker_) return false;
  auto const what = picker_->choose().what;
  return what == pick::verdict::drop || (what == pick::verdict::fail && !call.waits_for_ready());
}

channel_state::placing channel_state::place(outgoing_call& call) {
  if (!picker_) return placing::waits;
  pick const answer = picker_->choose();
  switch (answer.what) {
    case pick::verdict::wait: return placing::waits;
    case pick::verdict::use: {
      auto* const connection = answer.where->connection();
      bool const room = connection != nullptr && connection->has_capacity();
      return room && call.attempt(*connection) ? placing::done : placing::no_room;
    }
    case pick::verdict::fail:
      if (call.waits_for_ready()) return placing::waits;
      [[fallthrough]];
    case pick::verdict::drop: call.end(answer.why); return placing::done;
  }
  return placing::waits;
}

channel_state::placing channel_state::place_or_end(outgoing_call& call) noexcept {
  try {
    return place(call);
  } catch (std::bad_alloc const&) {
    call.cancel(status{code::resource_exhausted, "out of memory"});
    return placing::done;
  }
}

void channel_state::serve_queue() noexcept {
  coro::intrusive_list<outgoing_call, waiting_calls> kept;
  bool room = true;
  while (room && !queue_.empty()) {
    outgoing_call& call = queue_.pop_front();
    placing const how = place_or_end(call);
    if (how != placing::done && !call.ended()) kept.push_back(call);
    room = how != placing::no_room;  // the others behind it would find none either
  }
  kept.take_all(queue_);
  queue_.take_all(kept);
}

// The call holds on to the channel.
void channel_state::call_ended(outgoing_call& call, sluice::method which, status const& how,
                               time_point began) noexcept {
  if (!call.coro::list_hook<channel_calls>::linked()) return;  // it never began
  call.coro::list_hook<channel_calls>::unlink();
  if (options_.observer != nullptr) options_.observer->call_ended(which.path, how, scheduler_->now() - began);
  if (!calls_.empty() || (draining_ && !intercepted_.empty())) return;
  // Whoever drains waits for this and closes then: here the session may still be at work.
  if (closed_ || draining_) return ended_.set();
  await_idleness();
}

void channel_state::await_idleness() {
  if (options_.idle_timeout != duration::max())
    scheduler_->start_timer(*this, deadline::after(scheduler_->now(), options_.idle_timeout).at());
}

bool channel_state::is_plaintext() const noexcept { return !options_.tls && !connect_; }

void channel_state::call_ended(intercepted_call& call) noexcept {
  if (!call.coro::list_hook<intercepted_calls>::linked()) return;  // it never began
  call.coro::list_hook<intercepted_calls>::unlink();
  if ((closed_ || draining_) && calls_.empty() && intercepted_.empty()) ended_.set();
}

// ---- the end ---------------------------------------------------------------------------------------------------------

void channel_state::drain() {
  if (std::exchange(draining_, true) || closed_) return;
  if (calls_.empty() && intercepted_.empty()) ended_.set();
}

void channel_state::end_all() noexcept {
  status why{code::unavailable};
  try {
    why = status{code::unavailable, "the channel was shut down"};
  } catch (std::bad_alloc const&) {  // then without words
  }
  while (!intercepted_.empty()) intercepted_.front().shut_down(why);
  while (!calls_.empty()) calls_.front().cancel(why);
}

void channel_state::close() {
  if (std::exchange(closed_, true)) return;
  auto const keep = shared_from_this();
  scheduler_->turn([this] {
    coro::root::unlink();
    scheduler_->timers().cancel(*this);
    scheduler_->timers().cancel(resolve_retry_);
    end_all();
    for (std::size_t i = subchannels_.size(); i-- != 0;) subchannels_[i]->disconnect(false);
    resolver_.reset();
    become(connectivity::shutdown);
    ended_.set();
  });
}

}  // namespace sluice::calling
