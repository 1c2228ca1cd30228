// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/request_writer.hpp>
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

  bidi_streaming_call(channel& on, method which, generator<Request> requests, call_options options)
      : base{new_call(on, which, std::move(options)), std::move(requests)},
        source_{std::make_unique<source>(*this->call_)} {}
  bidi_streaming_call(channel& on, method which, call_options options)
      : base{new_call(on, which, std::move(options))}, source_{std::make_unique<source>(*this->call_)} {}

  [[nodiscard]] auto next() noexcept {
    return calling::next_of(*this->call_, *source_, [this](coro::context& under) { this->begin(under); });
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
