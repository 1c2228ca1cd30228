// SPDX-License-Identifier: Apache-2.0
#include <sluice/client/oauth2.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>

namespace sluice {
namespace {

namespace json = boost::json;

constexpr std::size_t largest_answer = 64 * 1024;

std::optional<std::string> text_of(json::object const& in, std::string_view key) {
  auto const* const found = in.if_contains({key.data(), key.size()});
  if (found == nullptr || !found->is_string()) return std::nullopt;
  auto const& text = found->get_string();
  return std::string{text.data(), text.size()};
}

bool is_bearer(std::string_view type) noexcept {
  constexpr std::string_view lower = "bearer";
  return std::ranges::equal(type, lower,
                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

status unusable(std::string_view why) {
  std::string text{"the token endpoint's answer "};
  return status{code::unavailable, text.append(why)};
}

// Beyond a century it is as good as never, and does not overflow.
std::optional<duration> lifetime_of(json::value const& seconds) {
  constexpr double longest = 100.0 * 365 * 24 * 3600;
  if (!seconds.is_number()) return std::nullopt;
  double const value = seconds.to_number<double>();
  if (!(value >= 0)) return std::nullopt;
  return std::chrono::duration_cast<duration>(std::chrono::duration<double>{std::min(value, longest)});
}

}  // namespace

result<access_token> parse_token_response(std::string_view text, time_point now) {
  if (text.size() > largest_answer) return unusable("is larger than 64 KiB");
  boost::system::error_code error;
  json::value const parsed = json::parse({text.data(), text.size()}, error);
  if (error || !parsed.is_object()) return unusable("is no JSON object");
  auto const& answer = parsed.get_object();
  if (auto const refused = text_of(answer, "error")) {
    auto const more = text_of(answer, "error_description");
    return status{code::unauthenticated, "the token endpoint said " + *refused + (more ? ": " + *more : "")};
  }
  auto token = text_of(answer, "access_token");
  if (!token || token->empty()) return unusable("has no access_token");
  auto const type = text_of(answer, "token_type");
  if (!type || !is_bearer(*type)) return unusable("is of another token_type than Bearer");
  auto const* const expires = answer.if_contains("expires_in");
  if (expires == nullptr) return access_token{*std::move(token)};
  auto const lasts = lifetime_of(*expires);
  if (!lasts) return unusable("has an expires_in that is no number of seconds");
  return access_token{*std::move(token), deadline::after(now, *lasts)};
}

}  // namespace sluice
