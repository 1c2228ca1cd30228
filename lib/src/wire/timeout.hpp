// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::wire {

/// grpc-timeout: one to eight digits and one of H M S m u n. What exceeds `duration` saturates at its maximum. Zero is
/// read, though the specification asks for a positive number: some peers send "0n" for a deadline that has passed.
[[nodiscard]] std::optional<duration> parse_timeout(std::string_view text) noexcept;

/// Writes the finest unit that eight digits hold, rounded up (a server must not give up before its client does), and
/// returns how many characters that is, at most nine. Zero and less become "1n", the least that the specification allows.
std::size_t format_timeout(duration timeout, char (&out)[16]) noexcept;
[[nodiscard]] std::string format_timeout(duration timeout);

}  // namespace sluice::wire
