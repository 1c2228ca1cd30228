// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gen/names.hpp"

#include <string>
#include <vector>

namespace sluice::gen {

/// The text of x.sluice.cpp.
std::string emit_source(protobuf::FileDescriptor const& file, std::vector<service_names> const& services);

}  // namespace sluice::gen
