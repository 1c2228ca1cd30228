// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/credentials.hpp>
#include <sluice/core/result.hpp>

#include <string_view>

namespace sluice {

/// Reads the answer of an OAuth 2.0 token endpoint (RFC 6749, 5.1 and 5.2): the body in JSON, whatever brought it. For the
/// end of a token_source:
///
///   sluice::task<sluice::access_token> fetch() {
///     std::string const body = co_await post_form(endpoint, form);      // your HTTP client
///     auto& clock = (co_await sluice::coro::get_context{}).scheduler();
///     co_return sluice::parse_token_response(body, clock.now()).value();
///   }
///
/// Completes with: the token, and its end by "expires_in" from `now` on; never without one.
/// Fails with: UNAUTHENTICATED for an error answer, naming it; UNAVAILABLE for what is no such answer, is of another
///   token_type than Bearer, or is larger than 64 KiB.
[[nodiscard]] result<access_token> parse_token_response(std::string_view json, time_point now);

}  // namespace sluice
