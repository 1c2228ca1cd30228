// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/rpc/raw_message.hpp>
#include <sluice/server/handlers.hpp>

#include <span>
#include <string_view>

namespace sluice {

/// A handler on the bytes of messages, for every method that no registered service has. See server::add_fallback.
///
///   class Recorder final : public sluice::generic_service {
///     sluice::generator<sluice::raw_message> handle(sluice::generator<sluice::raw_message> requests) override {
///       sluice::server_call& call = co_await sluice::this_call;   // call.method(): what the client asked for
///       while (auto* request = co_await requests.next()) co_yield answer(call.method(), *request);
///     }
///   };
///
/// Whether a method takes one message or many is not on the wire, so each call is handled as a stream each way: a unary
/// method is one request and one answer.
/// Concurrency: as any service. Lifetime: outlives the server.
class generic_service : public service {
 public:
  /// `co_yield status{...}` or a thrown status_error ends the call; falling off the end is ok.
  virtual generator<raw_message> handle(generator<raw_message> requests) = 0;

  [[nodiscard]] std::string_view sluice_service_name() const noexcept final { return ""; }
  [[nodiscard]] std::span<method_handler const> sluice_methods() const noexcept final {
    static constexpr method_handler every_method[] = {
        serve_bidi_streaming<&generic_service::handle>({"", method_kind::bidi_streaming})};
    return every_method;
  }
};

}  // namespace sluice
