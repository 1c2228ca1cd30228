// SPDX-License-Identifier: Apache-2.0
#include <sluice/rpc/codec.hpp>

namespace sluice {

status malformed_message() { return status{code::internal, "message could not be parsed"}; }

}  // namespace sluice
