// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

namespace sluice {

enum class log_level : unsigned char { debug, info, warning, error };

[[nodiscard]] std::string_view to_string(log_level level) noexcept;

/// Where a channel or server says what a person should know. Called on the executor of the channel or server; may be
/// called by several threads when several servers share it. It must not throw.
using log_sink = std::function<void(log_level, std::string_view)>;

/// The default: warnings and errors, one line each, to standard error.
[[nodiscard]] log_sink log_to_stderr(log_level least = log_level::warning);

}  // namespace sluice
