// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::gen {

using substitutions = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// Replaces each `$name$` of the pattern, so that the emitters read like what they emit. Every name in the
/// pattern must be given; a value is not looked into for further names.
std::string fill(std::string_view pattern, substitutions values);

/// Whether a path can stand between the quotes of an #include line, and in a comment.
bool fits_an_include_line(std::string_view path);

}  // namespace sluice::gen
