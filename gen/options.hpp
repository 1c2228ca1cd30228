// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sluice::gen {

/// What `--sluice_opt=…` (or `--sluice_out=…:DIR`) says.
struct options {
  /// Put before the name of the .pb.h in the #include of it, with a slash at its end; empty: none.
  std::string include_prefix;
};

/// Parses protoc's comma-separated parameter. On bad input returns false and names the option, what is wrong
/// with it and the valid ones.
bool parse_options(std::string const& parameter, options& out, std::string& error);

/// The valid options, one a line, for `--help`.
std::string options_help();

}  // namespace sluice::gen
