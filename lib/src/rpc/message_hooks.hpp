// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/status.hpp>
#include <sluice/rpc/passing_message.hpp>

#include <exception>
#include <utility>
#include <vector>

namespace sluice {

/// What one interceptor wants to be told of the messages.
struct message_hooks {
  std::vector<message_hook> on_request;
  std::vector<message_hook> on_response;
};

/// Shows `message` to each hook. The first status that is not ok ends it.
template <class Describe>
[[nodiscard]] status show(std::vector<message_hook> const& hooks, passing_message& message,
                          Describe&& describe) {
  for (auto const& hook : hooks) {
    status why;
    try {
      why = hook(message);
    } catch (...) { why = describe(std::current_exception()); }
    if (!why.ok()) return why;
  }
  return status{};
}

}  // namespace sluice
