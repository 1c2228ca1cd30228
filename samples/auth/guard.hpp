// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/server/bearer.hpp>
#include <sluice/server/interceptor.hpp>

#include <map>
#include <string>
#include <string_view>
#include <utility>

/// Lets calls in that bring a known token, as "authorization: Bearer TOKEN", and refuses all others before their handler.
class Guard final : public sluice::server_interceptor {
 public:
  /// Names by their tokens.
  explicit Guard(std::map<std::string, std::string> known) : known_{std::move(known)} {}

  sluice::task<sluice::status> intercept(sluice::server_exchange& call, sluice::next_handler next) override {
    if (name_of(call.call().metadata()).empty())
      co_return sluice::status{sluice::code::unauthenticated, "a known bearer token is needed"};
    co_return co_await next();
  }

  /// Who sent these metadata; empty for a stranger.
  [[nodiscard]] std::string_view name_of(sluice::metadata const& sent) const {
    auto const token = sluice::bearer_token_of(sent);
    if (!token) return {};
    std::string_view found;
    for (auto const& [secret, name] : known_)  // all of them: how long it takes says nothing
      if (sluice::equal_secrets(*token, secret)) found = name;
    return found;
  }

 private:
  std::map<std::string, std::string> known_;
};
