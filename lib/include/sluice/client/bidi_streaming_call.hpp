// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/request_writer.hpp>
#include <sluice/client/response_headers.hpp>
#include <sluice/client/response_source.hpp>

#include <memory>
#include <utility>

namespace sluice {

/// Many requests, many responses, each half in its own time.
///
///   auto replies = guide.RouteChat(notes());                   // generator in, generator out
///   auto chat = guide.RouteChat();                             // or drive both halves yourself
///   co_await chat.write(note);  auto* reply = co_await chat.next();  co_await chat.writes_done();
///
/// Completes with: `next()` as a server_streaming_call. Fails with: status_error. The call starts with the first write,
/// next or writes_done.
template <class Request, class Response>
class [[nodiscard]] bidi_streaming_call : public calling::writing_call<Request> {
  using base = calling::writing_call<Request>;
  using source = calling::response_source<Response>;

 public:
  using value_type = Response;

  bidi_streaming_call(channel& on, method which, generator<Request> requests, call_options&& options)
      : bidi_streaming_call{new_call(on, which, std::move(options)), std::move(requests)} {}
  bidi_streaming_call(channel& on, method which, call_options&& options)
      : bidi_streaming_call{new_call(on, which, std::move(options))} {}
  /// Over an untyped call that has not started.
  bidi_streaming_call(client_call_ptr call, generator<Request> requests)
      : base{std::move(call), std::move(requests)}, source_{std::make_unique<source>(*this->call_)} {}
  explicit bidi_streaming_call(client_call_ptr call)
      : base{std::move(call)}, source_{std::make_unique<source>(*this->call_)} {}

  [[nodiscard]] auto next() noexcept {
    return calling::next_of(*this->call_, *source_, [this](coro::context& under) { this->begin(under); });
  }
  /// `co_await chat.headers()`: true once the server's initial metadata are there, which may be before its first message;
  /// false when the call has ended without any. Fails with: the stop's status.
  [[nodiscard]] auto headers() noexcept {
    return calling::headers_of(*this->call_, [this](coro::context& under) { this->begin(under); });
  }
  /// `co_await chat.writes_done()`: no more requests. Never suspends.
  [[nodiscard]] auto writes_done() noexcept { return typename base::done_operation{*this}; }
  /// The responses as a generator, to return from a handler or to hand on. The call lives in it.
  [[nodiscard]] generator<Response> messages() && { return as_generator(std::move(*this)); }

 private:
  static generator<Response> as_generator(bidi_streaming_call call) {
    while (auto* const item = co_await call.next()) co_yield *item;
  }
  std::unique_ptr<source> source_;  // behind a pointer, so that the call moves
};

}  // namespace sluice
