// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gen/names.hpp"
#include "gen/options.hpp"

#include <string>
#include <vector>

namespace sluice::gen {

/// The text of x.sluice.hpp.
std::string emit_header(protobuf::FileDescriptor const& file, std::vector<service_names> const& services,
                        options const& chosen);

}  // namespace sluice::gen
