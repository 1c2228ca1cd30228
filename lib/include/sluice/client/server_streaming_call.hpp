// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/any_call.hpp>
#include <sluice/client/response_headers.hpp>
#include <sluice/client/response_source.hpp>
#include <sluice/coro/generator.hpp>
#include <sluice/rpc/codec.hpp>

#include <memory>
#include <utility>

namespace sluice {

/// One request, many responses: `while (auto* f = co_await features.next()) use(*f);`
///
/// Completes with: `next()` the next message, valid until the following next(); null when the call ended with ok.
/// Fails with: status_error. The call starts with the first next().
template <class Response>
class [[nodiscard]] server_streaming_call : public any_call {
 public:
  using value_type = Response;

  template <class Request>
  server_streaming_call(channel& on, method which, Request const& request, call_options&& options)
      : server_streaming_call{new_call(on, which, std::move(options))} {
    static_cast<void>(write_message(*call_, request));
    call_->writes_done();
  }

  [[nodiscard]] auto next() noexcept {
    return calling::next_of(*call_, *source_, [this](coro::context& under) { start_under(under); });
  }

  /// `co_await features.headers()`: see bidi_streaming_call.
  [[nodiscard]] auto headers() noexcept {
    return calling::headers_of(*call_, [this](coro::context& under) { start_under(under); });
  }

  /// The responses as a generator, to return from a handler or to hand on. The call lives in it.
  [[nodiscard]] generator<Response> messages() && { return as_generator(std::move(*this)); }

 private:
  explicit server_streaming_call(client_call_ptr call)
      : any_call{std::move(call)}, source_{std::make_unique<calling::response_source<Response>>(*call_)} {}
  static generator<Response> as_generator(server_streaming_call call) {
    while (auto* const item = co_await call.next()) co_yield *item;
  }
  std::unique_ptr<calling::response_source<Response>> source_;  // behind a pointer, so that the call moves
};

}  // namespace sluice
