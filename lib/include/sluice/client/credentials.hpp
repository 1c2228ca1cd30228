// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>
#include <sluice/core/metadata.hpp>
#include <sluice/coro/task.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace sluice {

/// What credentials are asked for.
class call_info {
 public:
  call_info(std::string audience, std::string method) noexcept
      : audience_{std::move(audience)}, method_{std::move(method)} {}

  /// "https://AUTHORITY/package.Service", without ":443": what a token for this call may be bound to.
  [[nodiscard]] std::string const& audience() const noexcept { return audience_; }
  /// "/package.Service/Method".
  [[nodiscard]] std::string const& method() const noexcept { return method_; }

 private:
  std::string audience_;
  std::string method_;
};

/// Who calls, as metadata of each call: of a channel (channel_options::credentials) or of one call
/// (call_options::credentials); a call that has both sends both.
///
/// `get` runs before each attempt of a call, inside of all interceptors and under the call's deadline and stop.
/// Completes with: the metadata to add. A key that is reserved or cannot travel fails the call with UNAVAILABLE.
/// Fails with: a status_error of UNAVAILABLE, UNAUTHENTICATED, PERMISSION_DENIED, CANCELLED or DEADLINE_EXCEEDED is the
///   call's, anything else makes it UNAVAILABLE; either way its message says "credentials: ...".
/// Only over TLS: without it a call with credentials fails with UNAUTHENTICATED, unless
/// channel_options::allow_plaintext_credentials.
/// Concurrency: the channel's executor, for many calls at once. Lifetime: shared with the channel and its calls.
class call_credentials {
 public:
  virtual ~call_credentials() = default;
  virtual task<metadata> get(call_info call) = 0;
};

/// "authorization: Bearer TOKEN" with every call.
[[nodiscard]] std::shared_ptr<call_credentials> bearer_token(std::string token);

/// A token, and when it ends.
class access_token {
 public:
  access_token() noexcept = default;
  explicit access_token(std::string value, deadline expires_at = {}) noexcept
      : value_{std::move(value)}, expires_at_{expires_at} {}

  [[nodiscard]] std::string const& value() const noexcept { return value_; }
  /// Never: it is kept for good.
  [[nodiscard]] deadline expires_at() const noexcept { return expires_at_; }

 private:
  std::string value_;
  deadline expires_at_;
};

/// Fetches a token: a function that returns a coroutine. It is kept as long as the credentials, so a lambda may capture.
using token_source = std::function<task<access_token>()>;

/// Bearer tokens of `source`, kept until they expire.
///
/// One fetch at a time: calls that find no token wait for the fetch that runs, and share its failure. From `refresh_ahead`
/// before a token's end on, one call fetches the next one while the others go on with what there is; should that fail,
/// the token is used to its end. A failure is not kept: the next call tries again. When the call that fetches is stopped,
/// one of those that wait fetches instead.
/// Concurrency: of one executor; make one for each.
[[nodiscard]] std::shared_ptr<call_credentials> cached(token_source source,
                                                       duration refresh_ahead = std::chrono::minutes{1});

}  // namespace sluice
