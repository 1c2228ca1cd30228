// SPDX-License-Identifier: Apache-2.0
#include "client/apply_credentials.hpp"

#include "client/channel_state.hpp"

#include <sluice/client/credentials.hpp>

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::calling {
namespace {

call_info describe_call(channel_state const& channel, method const& which) {
  std::string_view const service = which.path.substr(0, which.path.rfind('/'));
  std::string_view host = channel.authority();
  if (constexpr std::string_view usual = ":443"; host.ends_with(usual)) host.remove_suffix(usual.size());
  std::string audience{"https://"};
  return {audience.append(host).append(service), std::string{which.path}};
}

status failed(code value, std::string_view why) {
  std::string text{"credentials: "};
  return status{value, text.append(why)};
}

// Other codes would be taken for the server's answer.
code allowed(code value) noexcept {
  switch (value) {
    case code::unauthenticated:
    case code::permission_denied:
    case code::cancelled:
    case code::deadline_exceeded: return value;
    default: return code::unavailable;
  }
}

task<status> apply(std::shared_ptr<call_credentials> which, call_info info, call_options& options) {
  metadata sent = options.metadata();
  status why;
  try {
    metadata const found = co_await which->get(std::move(info));
    for (auto const& [key, value] : found) {
      if (auto const wrong = check_entry(key, value)) co_return failed(code::unavailable, *wrong);
      sent.add(key, value);
    }
  } catch (status_error const& error) {
    why = failed(allowed(error.code()), error.status().message());
  } catch (std::exception const& error) { why = failed(code::unavailable, error.what()); } catch (...) {
    why = failed(code::unavailable, "an exception of a type that is no std::exception");
  }
  options.metadata(std::move(sent));
  co_return why;
}

}  // namespace

status credentials_need_tls() {
  return status{
      code::unauthenticated,
      "credentials are not sent without TLS; channel_options::allow_plaintext_credentials permits it"};
}

bool has_credentials(channel_state const& channel, call_options const& options) noexcept {
  return channel.options().credentials != nullptr || options.credentials() != nullptr;
}

task<status> apply_credentials(channel_state& channel, method const& which, call_options& options) {
  auto const of_channel = channel.options().credentials;
  auto const of_call = options.credentials();
  if (channel.is_plaintext() && !channel.options().allow_plaintext_credentials)
    co_return credentials_need_tls();
  status how;
  if (of_channel) how = co_await apply(of_channel, describe_call(channel, which), options);
  if (how.ok() && of_call) how = co_await apply(of_call, describe_call(channel, which), options);
  co_return how;
}

}  // namespace sluice::calling
