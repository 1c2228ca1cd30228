// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/status.hpp>
#include <sluice/coro/task.hpp>
#include <sluice/rpc/passing_message.hpp>
#include <sluice/rpc/raw_message.hpp>
#include <sluice/server/server_call.hpp>

namespace sluice {

/// One call of a server, as one interceptor around its handler sees it.
///
/// Lifetime: until the interceptor's coroutine has ended; the hooks no longer.
class server_exchange {
 public:
  server_exchange(server_exchange const&) = delete;
  server_exchange& operator=(server_exchange const&) = delete;

  /// The call: method, peer, metadata, deadline, stop. The same that `this_call` gives here and in the handler.
  [[nodiscard]] virtual server_call& call() noexcept = 0;

  /// Called with each request before the handler reads it, and with each response before it is sent. Outer interceptors
  /// see requests first and responses last.
  virtual void on_request(message_hook hook) = 0;
  virtual void on_response(message_hook hook) = 0;

  /// Sends `message` in the handler's place, after what outer interceptors make of it; not subject to flow control.
  /// Throws status_error FAILED_PRECONDITION when `next` was called: change a handler's message with on_response.
  virtual void respond(raw_message message) = 0;

 protected:
  server_exchange() = default;
  virtual ~server_exchange() = default;

 private:
  friend class next_handler;
  virtual task<status> proceed() = 0;
};

/// The rest of the call: `status const how = co_await next();`
///
/// Completes with: the status that the handler ended with; its responses are on their way then. Does not fail otherwise.
///   FAILED_PRECONDITION when it was called before.
/// Cancellation: by the stop of the awaiting task, which stops the handler; completes when that has ended.
class next_handler {
 public:
  explicit next_handler(server_exchange& around) noexcept : around_{&around} {}
  [[nodiscard]] task<status> operator()() const { return around_->proceed(); }

 private:
  server_exchange* around_;
};

/// Stands around the handler of every call: it may wait, refuse, or answer instead, and look at each message.
///
///   class Gate final : public sluice::server_interceptor {
///     sluice::task<sluice::status> intercept(sluice::server_exchange& call, sluice::next_handler next) override {
///       if (!admitted(call.call().metadata())) co_return sluice::status{sluice::code::permission_denied, "not you"};
///       co_return co_await next();
///     }
///   };
///   sluice::server server{executor, {.interceptors = {std::make_shared<Gate>()}}};
///
/// It begins when the handler would have: a call with one request, when that is there whole. A method that nobody serves
/// is refused before.
/// Completes with: the status that the client shall see.
/// Fails with: as a handler: a status_error is the call's status; any other exception is logged, and the call UNKNOWN.
/// Cancellation: by the call's stop, as the handler.
/// Concurrency: the call's executor; for many calls at once, with io_threads on several threads.
/// Lifetime: shared with the server and its calls.
class server_interceptor {
 public:
  virtual ~server_interceptor() = default;
  virtual task<status> intercept(server_exchange& call, next_handler next) = 0;
};

}  // namespace sluice
