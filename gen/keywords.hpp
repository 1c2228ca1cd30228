// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sluice::gen {

/// Is this a keyword of C++20 or an alternative spelling of an operator?
bool is_keyword(std::string_view name);

/// Is it one of these, or a macro that the headers below the generated code may define? Then it names no function.
bool is_reserved_word(std::string_view name);

}  // namespace sluice::gen
