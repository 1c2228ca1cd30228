// SPDX-License-Identifier: Apache-2.0
#include <sluice/rpc/call_options.hpp>

namespace sluice {

call_options::call_options(call_options const& other) = default;
call_options::call_options(call_options&& other) noexcept = default;
call_options& call_options::operator=(call_options const& other) = default;
call_options& call_options::operator=(call_options&& other) noexcept = default;
call_options::~call_options() = default;

}  // namespace sluice
