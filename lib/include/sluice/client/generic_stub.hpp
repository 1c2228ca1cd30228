// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/bidi_streaming_call.hpp>
#include <sluice/client/unary_call.hpp>
#include <sluice/rpc/raw_message.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace sluice {

/// Calls of methods that are known at run time only, on the bytes of their messages:
///
///   sluice::generic_stub any{channel};
///   sluice::raw_message reply = co_await any.unary("/helloworld.Greeter/SayHello", request);
///   auto chat = any.call("/routeguide.RouteGuide/RouteChat");     // any of the four kinds: the wire does not tell them apart
///
/// Protobuf's bytes by default; `call_options::content_subtype` names another codec.
///
/// Completes and fails: as the typed calls, and with INVALID_ARGUMENT for a path that is not "/" and visible ASCII.
/// Concurrency: the channel's executor. Lifetime: a view of the channel, which outlives it; a call keeps its own copy of
/// the path.
class generic_stub {
 public:
  explicit generic_stub(channel& on) noexcept : channel_{&on} {}

  /// Exactly one request and one response.
  [[nodiscard]] unary_call<raw_message> unary(std::string_view path, raw_message const& request,
                                              call_options options = {}) const {
    return {open(path, method_kind::unary, std::move(options)), request};
  }
  /// Any number each way, driven by hand.
  [[nodiscard]] bidi_streaming_call<raw_message, raw_message> call(std::string_view path,
                                                                   call_options options = {}) const {
    return bidi_streaming_call<raw_message, raw_message>{
        open(path, method_kind::bidi_streaming, std::move(options))};
  }
  /// The same; the generator is the request stream.
  [[nodiscard]] bidi_streaming_call<raw_message, raw_message> call(std::string_view path,
                                                                   generator<raw_message> requests,
                                                                   call_options options = {}) const {
    return {open(path, method_kind::bidi_streaming, std::move(options)), std::move(requests)};
  }

 private:
  [[nodiscard]] client_call_ptr open(std::string_view path, method_kind kind, call_options options) const {
    return new_call(*channel_, std::string{path}, kind, std::move(options));
  }
  channel* channel_;
};

}  // namespace sluice
