// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/metadata.hpp>

#include <optional>
#include <string_view>

namespace sluice {

/// The token of "authorization: Bearer TOKEN" (RFC 6750), whatever the case of the scheme. Nothing when there is no such
/// entry, another scheme, more than one authorization, or no token. A view of the metadata.
[[nodiscard]] std::optional<std::string_view> bearer_token_of(metadata const& of) noexcept;

/// Equality of secrets. It takes as long for tokens that differ at the first byte as for those that differ at the last, so
/// that nobody finds a token byte by byte; only the length of `given` shows.
[[nodiscard]] bool equal_secrets(std::string_view given, std::string_view secret) noexcept;

}  // namespace sluice
