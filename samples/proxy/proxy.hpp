// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/channel.hpp>
#include <sluice/client/generic_stub.hpp>
#include <sluice/coro/task.hpp>
#include <sluice/server/generic_service.hpp>
#include <sluice/server/server_call.hpp>

#include <limits>
#include <string>
#include <string_view>
#include <utility>

/// Hands every call on to another server, whatever its method, kind and codec. Messages are not looked into.
///
/// The caller's deadline, stop and trace context are the handler's own, and so those of the call that it makes.
class Proxy final : public sluice::generic_service {
 public:
  explicit Proxy(sluice::channel& upstream) noexcept : upstream_{upstream} {}

  bool sluice_accepts_subtype(std::string_view) const noexcept override { return true; }

 private:
  using bytes = sluice::raw_message;

  sluice::generator<bytes> handle(sluice::generator<bytes> requests) override {
    sluice::server_call& call = co_await sluice::this_call;
    auto upstream = upstream_.call(call.method(), std::move(requests), options_for(call));

    // At once, not with the first message: the caller may wait for them before it writes. Without them the response is
    // trailers alone, here as there.
    auto const began = co_await sluice::as_result(upstream.headers());
    if (began && *began) {
      for (auto const& [key, value] : upstream.initial_metadata()) call.add_initial_metadata(key, value);
      call.send_initial_metadata();
    }

    sluice::status how = began.status();
    while (how.ok()) {
      auto const next = co_await sluice::as_result(upstream.next());
      how = next.status();
      if (!next || *next == nullptr) break;
      co_yield **next;  // waits for room at the caller's; the upstream's window then closes by itself
    }
    for (auto const& [key, value] : upstream.trailing_metadata()) call.add_trailing_metadata(key, value);
    if (!how.ok()) co_yield how;
  }

  // The limits of messages are those of the two ends.
  static sluice::call_options options_for(sluice::server_call& call) {
    constexpr auto any_size = std::numeric_limits<std::uint32_t>::max();
    return sluice::call_options{}
        .metadata(call.metadata())
        .content_subtype(std::string{call.content_subtype()})
        .max_receive_size(any_size)
        .max_send_size(any_size);
  }

  sluice::generic_stub upstream_;
};
