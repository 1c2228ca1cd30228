// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/stop_reason.hpp>
#include <sluice/coro/intrusive_list.hpp>

#include <utility>

namespace sluice {

class stop_source;
class stop_token;

namespace coro {

/// What runs when a stop is requested. Linked into its source while it waits; unlinked before it runs and when it dies.
class stop_observer : public list_hook<struct stop_observers> {
 public:
  using list_tag = stop_observers;

  /// Called inside request_stop, on the source's strand. It must not block or throw.
  virtual void stop_requested(stop_reason reason) noexcept = 0;

 protected:
  stop_observer() = default;
  ~stop_observer() = default;
};

}  // namespace coro

/// Asks work to stop, once, with a reason. The owner of the work holds the source; the work sees a stop_token.
///
/// Concurrency: one strand, no locks; from another thread, post to the strand's executor first.
/// Lifetime: outlives its tokens and observers. A stop_source does not move.
class stop_source {
 public:
  stop_source() noexcept = default;
  stop_source(stop_source const&) = delete;
  stop_source& operator=(stop_source const&) = delete;

  /// Runs every observer before it returns. False when a stop had been requested before: the first reason stands.
  bool request_stop(stop_reason reason = stop_reason::local) noexcept {
    if (reason_ != stop_reason::none) return false;
    reason_ = reason;
    // Outside a turn, an observer may complete the work whose source this is: nothing of it is touched from here on.
    coro::intrusive_list<coro::stop_observer> told;
    told.take_all(observers_);
    while (!told.empty()) told.pop_front().stop_requested(reason);
    return true;
  }
  [[nodiscard]] bool stop_requested() const noexcept { return reason_ != stop_reason::none; }
  [[nodiscard]] stop_reason reason() const noexcept { return reason_; }
  [[nodiscard]] stop_token token() noexcept;

  /// Runs `observer` at once when a stop has been requested already.
  void observe(coro::stop_observer& observer) noexcept {
    if (reason_ != stop_reason::none) observer.stop_requested(reason_);
    else observers_.push_back(observer);
  }

 private:
  stop_reason reason_ = stop_reason::none;
  coro::intrusive_list<coro::stop_observer> observers_;
};

/// Sees a stop_source. Default-constructed: never stopped.
class stop_token {
 public:
  stop_token() noexcept = default;
  explicit stop_token(stop_source& source) noexcept : source_{&source} {}

  [[nodiscard]] bool stop_requested() const noexcept {
    return source_ != nullptr && source_->stop_requested();
  }
  /// stop_reason::none while nothing was requested.
  [[nodiscard]] stop_reason reason() const noexcept {
    return source_ == nullptr ? stop_reason::none : source_->reason();
  }
  void observe(coro::stop_observer& observer) const noexcept {
    if (source_ != nullptr) source_->observe(observer);
  }
  /// Throws status_error with to_status(reason()) when a stop was requested: a check for loops that never await.
  [[gnu::always_inline]] void throw_if_stopped() const {
    if (stop_requested()) throw status_error{to_status(reason())};
  }

 private:
  stop_source* source_ = nullptr;
};

inline stop_token stop_source::token() noexcept { return stop_token{*this}; }

/// Calls `function(stop_reason)` when a stop is requested, at once if it has been already; never after its destruction.
template <class Function>
class stop_callback final : private coro::stop_observer {
 public:
  stop_callback(stop_token token, Function function) : function_{std::move(function)} {
    token.observe(*this);
  }

 private:
  void stop_requested(stop_reason reason) noexcept override { function_(reason); }
  Function function_;
};

namespace coro {

/// A source that may have a parent, whose stop reaches it too.
class child_stop_source final : public stop_source, private stop_observer {
 public:
  /// Stopped at once when the parent is already.
  void follow(stop_token parent) noexcept { parent.observe(*this); }
  void leave_parent() noexcept { stop_observer::unlink(); }
  using stop_source::stop_requested;

 private:
  void stop_requested(stop_reason reason) noexcept override { request_stop(reason); }
};

}  // namespace coro
}  // namespace sluice
