// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/status.hpp>
#include <sluice/coro/task.hpp>
#include <sluice/rpc/call_options.hpp>
#include <sluice/rpc/method.hpp>

namespace sluice::calling {

class channel_state;

/// Why a call with credentials is not sent over plaintext.
[[nodiscard]] status credentials_need_tls();
[[nodiscard]] bool has_credentials(channel_state const& channel, call_options const& options) noexcept;
/// Adds the metadata of the channel's credentials and of the call's own to `options`, or says why the call fails.
/// The parameters outlive the task.
[[nodiscard]] task<status> apply_credentials(channel_state& channel, method const& which,
                                             call_options& options);

}  // namespace sluice::calling
