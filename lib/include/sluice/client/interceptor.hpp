// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/metadata.hpp>
#include <sluice/core/status.hpp>
#include <sluice/coro/task.hpp>
#include <sluice/rpc/call_options.hpp>
#include <sluice/rpc/method.hpp>
#include <sluice/rpc/passing_message.hpp>
#include <sluice/rpc/raw_message.hpp>

#include <cstddef>
#include <string>

namespace sluice {

/// One call of a channel, as one interceptor around it sees it. Before `next` it says what will be sent; after it, what
/// came back.
///
/// Lifetime: until the interceptor's coroutine has ended; the hooks no longer.
class client_exchange {
 public:
  client_exchange(client_exchange const&) = delete;
  client_exchange& operator=(client_exchange const&) = delete;

  [[nodiscard]] virtual sluice::method method() const noexcept = 0;
  /// What the next `next` sends: metadata, a deadline (which can only become stricter), limits, the codec.
  [[nodiscard]] virtual call_options& options() noexcept = 0;

  /// Called with each request, and with each response before it is handed to the caller. Outer interceptors see requests
  /// first and responses last. A request that is sent again by a retry is seen again.
  virtual void on_request(message_hook hook) = 0;
  virtual void on_response(message_hook hook) = 0;

  /// Keeps the requests, up to so many bytes, so that `next` can be called again. More than that are sent and not kept.
  virtual void keep_requests(std::size_t max_bytes) = 0;
  /// `next` may be called again: no response was handed to the caller, and each request that was sent is kept.
  [[nodiscard]] virtual bool may_retry() const noexcept = 0;

  /// Answers in the server's place: hands `message` to the caller, after what outer interceptors make of it. A call with
  /// one response has this one, whatever the server sent. What is not read yet is kept, without a limit.
  virtual void respond(raw_message message) = 0;

  /// What the last `next` brought. Empty before.
  [[nodiscard]] virtual metadata const& initial_metadata() const noexcept = 0;
  [[nodiscard]] virtual metadata const& trailing_metadata() const noexcept = 0;
  [[nodiscard]] virtual std::string const& peer() const noexcept = 0;

 protected:
  client_exchange() = default;
  virtual ~client_exchange() = default;

 private:
  friend class next_call;
  virtual task<status> proceed() = 0;
};

/// The rest of the call: `status const how = co_await next();`
///
/// Completes with: how the call ended, when it has: a stream, when its last response was handed to the caller. Does not
///   fail otherwise. FAILED_PRECONDITION beside a `next` that runs, and where client_exchange::may_retry says no.
/// Cancellation: by the stop of the awaiting task, which ends the call.
class next_call {
 public:
  explicit next_call(client_exchange& around) noexcept : around_{&around} {}
  [[nodiscard]] task<status> operator()() const { return around_->proceed(); }

 private:
  client_exchange* around_;
};

/// Stands around every call of a channel: it may wait, refuse, change, repeat or replace the call, whatever its kind.
///
///   class Patient final : public sluice::client_interceptor {
///     sluice::task<sluice::status> intercept(sluice::client_exchange& call, sluice::next_call next) override {
///       call.keep_requests(64 * 1024);
///       sluice::status how = co_await next();
///       for (int left = 2; how.code() == sluice::code::unavailable && left != 0 && call.may_retry(); --left) {
///         co_await sluice::sleep_for(100ms);
///         how = co_await next();
///       }
///       co_return how;
///     }
///   };
///   sluice::channel channel{executor, target, {.interceptors = {std::make_shared<Patient>()}}};
///
/// Completes with: the status that the caller shall see. Ok without `next` and without `respond` is a call that succeeds
///   without a message.
/// Fails with: a status_error is the call's status; any other exception is logged, and the call INTERNAL.
/// Cancellation: a deadline, a stop or a cancel ends the call for its caller at once, with its own status; the
///   interceptor is stopped, unwinds in its own time, and nobody reads what it returns.
/// Concurrency: the channel's executor; for many calls at once.
/// Lifetime: shared with the channel and with its calls.
class client_interceptor {
 public:
  virtual ~client_interceptor() = default;
  virtual task<status> intercept(client_exchange& call, next_call next) = 0;
};

}  // namespace sluice
