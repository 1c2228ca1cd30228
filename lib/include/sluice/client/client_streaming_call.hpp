// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/request_writer.hpp>
#include <sluice/client/single_response.hpp>
#include <sluice/coro/task.hpp>

#include <coroutine>
#include <utility>

namespace sluice {

/// Many requests, one response.
///
///   RouteSummary s = co_await guide.RecordRoute(points());     // your generator is the request stream
///   auto call = guide.RecordRoute();                           // or write yourself
///   co_await call.write(point);  RouteSummary s = co_await call.finish();
///
/// Completes with: the response, after the generator has ended too. The server may answer before it has read everything:
///   then the generator is stopped, at its co_yield or by the stop of what it awaits.
/// Fails with: status_error; what the generator failed with ends the call.
template <class Request, class Response>
class [[nodiscard]] client_streaming_call : public calling::writing_call<Request> {
  using base = calling::writing_call<Request>;

 public:
  using value_type = Response;

  client_streaming_call(channel& on, method which, generator<Request> requests, call_options&& options)
      : base{new_call(on, which, std::move(options)), std::move(requests)} {}
  client_streaming_call(channel& on, method which, call_options&& options)
      : base{new_call(on, which, std::move(options))} {}

  class awaiter final : private calling::joined_end_waiter {
   public:
    explicit awaiter(client_streaming_call& call) noexcept : stream_{call} {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <coro::has_context Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> self) {
      if (std::exchange(stream_.finishing_, true)) throw_misuse("the response of a call is awaited twice");
      stream_.begin(*self.promise().context());
      if (!stream_.pump_) stream_.call_->writes_done();
      return wait(self, *stream_.call_, stream_.pump_.get());
    }
    [[nodiscard, gnu::always_inline]] Response await_resume() {
      return calling::response_or_throw<Response>(*stream_.call_);
    }
    [[nodiscard]] result<Response> await_result() { return calling::take_response<Response>(*stream_.call_); }

   private:
    client_streaming_call& stream_;
  };
  /// Half-closes, if no generator does, and waits for the response.
  [[nodiscard]] awaiter operator co_await() { return awaiter{*this}; }
  class finish_operation {
   public:
    explicit finish_operation(client_streaming_call& call) noexcept : call_{call} {}
    [[nodiscard]] awaiter operator co_await() const noexcept { return awaiter{call_}; }

   private:
    client_streaming_call& call_;
  };
  [[nodiscard]] finish_operation finish() noexcept { return finish_operation{*this}; }

  /// See unary_call::operator().
  template <class Token>
  auto operator()(Token&& token) && {
    return as_task(std::move(*this))(std::forward<Token>(token));
  }

 private:
  static task<Response> as_task(client_streaming_call call) { co_return co_await call; }
  bool finishing_ = false;
};

}  // namespace sluice
