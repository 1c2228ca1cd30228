// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/intercepted_call.hpp"

#include <utility>

namespace sluice::calling {

/// One interceptor's place in the chain of a call.
class interception final : public client_exchange {
 public:
  interception(intercepted_call& call, std::size_t index) noexcept : call_{call}, index_{index} {}

  /// The interceptor begins, or begins again.
  void enter(call_options options) {
    options_ = std::move(options);
    hooks_ = {};
  }
  [[nodiscard]] message_hooks const& hooks() const noexcept { return hooks_; }

  sluice::method method() const noexcept override { return call_.method_; }
  call_options& options() noexcept override { return options_; }
  void on_request(message_hook hook) override { hooks_.on_request.push_back(std::move(hook)); }
  void on_response(message_hook hook) override { hooks_.on_response.push_back(std::move(hook)); }
  void keep_requests(std::size_t max_bytes) override {
    call_.keep_limit_ = std::max(call_.keep_limit_, max_bytes);
  }
  bool may_retry() const noexcept override { return call_.may_retry(); }
  void respond(raw_message message) override { call_.respond(std::move(message), index_); }
  metadata const& initial_metadata() const noexcept override { return call_.initial_metadata(); }
  metadata const& trailing_metadata() const noexcept override { return call_.trailing_metadata(); }
  std::string const& peer() const noexcept override { return call_.peer(); }

 private:
  task<status> proceed() override;

  intercepted_call& call_;
  std::size_t index_;
  call_options options_;
  message_hooks hooks_;
  bool in_next_ = false;
};

}  // namespace sluice::calling
