// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sluice::net {

/// What OpenSSL's error queue of this thread says happened first, as a text; empties the queue.
[[nodiscard]] std::string take_openssl_error();

}  // namespace sluice::net
