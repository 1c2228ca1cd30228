// SPDX-License-Identifier: Apache-2.0
#include "server/shard.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace sluice::serving {
namespace {

// Only the shard's executor writes, others may read: a locked instruction for each call would be wasted.
void add_to(std::atomic<std::size_t>& count, std::ptrdiff_t change) noexcept {
  count.store(count.load(std::memory_order_relaxed) + static_cast<std::size_t>(change),
              std::memory_order_relaxed);
}

}  // namespace

shard::shard(asio::any_io_executor executor, std::shared_ptr<server_options const> options,
             std::shared_ptr<dispatcher const> methods, std::function<void()> connection_closed)
    : executor_{std::move(executor)}, scheduler_{coro::scheduler_of(executor_)}, options_{std::move(options)},
      methods_{std::move(methods)}, compressors_{options_->compressors},
      on_connection_closed_{std::move(connection_closed)} {}

shard::~shard() { scheduler_->timers().cancel(*this); }

void shard::serve(std::unique_ptr<byte_stream> bytes, std::optional<tls_server> const& tls) {
  if (stopping_) {
    bytes->close();
    if (on_connection_closed_) on_connection_closed_();
    return;
  }
  scheduler_->turn([&] {
    if (!coro::root::linked()) scheduler_->adopt(*this);
    std::shared_ptr<server_connection> made;
    bool kept = false;
    try {
      if (tls) bytes = tls->wrap(executor_, std::move(bytes));
      made = std::make_shared<server_connection>(shared_from_this(), std::move(bytes));
      connections_.push_back(made);
      kept = true;
      add_to(connection_count_, 1);
      made->start();
    } catch (std::bad_alloc const&) {  // this connection is given up, and nothing else
      if (kept) made->close(stop_reason::connection_lost);
      else if (on_connection_closed_) on_connection_closed_();
    }
  });
}

template <class Action>
void shard::for_each_connection(Action action) {
  // An action may end its connection, which then leaves the list.
  for (std::size_t i = connections_.size(); i-- != 0;) {
    auto const each = connections_[i];
    action(*each);
  }
}

void shard::stop(duration grace, std::shared_ptr<void> until_over) {
  scheduler_->turn([&] {
    waiting_for_end_.push_back(std::move(until_over));
    if (!std::exchange(stopping_, true)) {
      for_each_connection([](server_connection& each) { each.drain(); });
      draining_.request_stop(stop_reason::draining);
    }
    auto const ends = deadline::after(scheduler_->now(), grace).at();
    if (grace <= duration::zero()) {
      expired();
    } else if (ends < grace_ends_ && (!connections_.empty() || call_count_ != 0)) {
      grace_ends_ = ends;
      scheduler_->start_timer(*this, ends);
    }
    check_if_over();
  });
}

void shard::expired() noexcept {
  stop_handlers();
  for_each_connection([](server_connection& each) { each.close(stop_reason::shutdown); });
}

void shard::stop_handlers() noexcept {
  coro::intrusive_list<incoming_call> told;
  while (!calls_.empty()) {
    incoming_call& each = calls_.pop_front();
    told.push_back(each);
    each.stop_handler(stop_reason::shutdown);
  }
  calls_.take_all(told);
}

void shard::abandon() noexcept {
  auto const keep = shared_from_this();
  coro::root::unlink();
  stopping_ = true;
  expired();
  scheduler_->timers().cancel(*this);
  while (!calls_.empty()) calls_.front().abandon();
  over_.unlink();  // whoever lets go of this may be on another thread
  waiting_for_end_.clear();
}

void shard::connection_gone(server_connection& gone) noexcept {
  std::erase_if(connections_, [&](auto const& each) { return each.get() == &gone; });
  add_to(connection_count_, -1);
  if (on_connection_closed_) on_connection_closed_();
  check_if_over();
}

void shard::call_began(incoming_call& call) noexcept {
  calls_.push_back(call);
  add_to(call_count_, 1);
}

void shard::call_gone(incoming_call& call) noexcept {
  static_cast<coro::list_hook<running_calls>&>(call).unlink();
  add_to(call_count_, -1);
  check_if_over();
}

void shard::check_if_over() noexcept {
  // Told in a step of its own: whoever ends the last call still works with it.
  if (stopping_ && connections_.empty() && call_count_ == 0 && !over_.linked()) scheduler_->ready(over_);
}

void shard::report_if_over() noexcept {
  auto const keep = shared_from_this();
  scheduler_->timers().cancel(*this);
  waiting_for_end_.clear();
}

}  // namespace sluice::serving
