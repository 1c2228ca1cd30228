// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/any_call.hpp>
#include <sluice/client/single_response.hpp>
#include <sluice/coro/task.hpp>
#include <sluice/rpc/codec.hpp>

#include <coroutine>
#include <utility>

namespace sluice {

/// One request, one response: `Feature f = co_await guide.GetFeature(point);`
///
/// Completes with: the response. Fails with: status_error; `co_await as_result(call)` gives a result instead. A call that
///   was given to co_await by name can be asked afterwards: initial_metadata(), trailing_metadata(), peer(), status().
template <class Response>
class [[nodiscard]] unary_call : public any_call {
 public:
  using value_type = Response;

  template <class Request>
  unary_call(channel& on, method which, Request const& request, call_options&& options)
      : unary_call{new_call(on, which, std::move(options)), request} {}
  /// Over an untyped call that has not started.
  template <class Request>
  unary_call(client_call_ptr call, Request const& request) : any_call{std::move(call)} {
    static_cast<void>(write_message(*call_, request));
    call_->writes_done();
  }

  class awaiter {
   public:
    explicit awaiter(unary_call& call) noexcept : call_{*call.call_} {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <coro::has_context Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> self) {
      return end_.start(call_, self, *self.promise().context());
    }
    [[gnu::always_inline]] Response await_resume() { return calling::response_or_throw<Response>(call_); }
    [[nodiscard]] result<Response> await_result() { return calling::take_response<Response>(call_); }

   private:
    client_call& call_;
    calling::end_waiter end_;
  };
  [[nodiscard]] awaiter operator co_await() { return awaiter{*this}; }

  /// The call as an Asio operation: see task::operator(). Runs on the token's associated executor, which must be the
  /// channel's. Needs <sluice/coro/asio.hpp>.
  template <class Token>
  auto operator()(Token&& token) && {
    return as_task(std::move(*this))(std::forward<Token>(token));
  }

 private:
  static task<Response> as_task(unary_call call) { co_return co_await call; }
};

}  // namespace sluice
