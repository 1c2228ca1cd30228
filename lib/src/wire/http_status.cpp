// SPDX-License-Identifier: Apache-2.0
#include "wire/http_status.hpp"

namespace sluice::wire {

code to_code(int http_status) noexcept {
  switch (http_status) {
    case 400: return code::internal;
    case 401: return code::unauthenticated;
    case 403: return code::permission_denied;
    case 404: return code::unimplemented;
    case 429:
    case 502:
    case 503:
    case 504: return code::unavailable;
    default: return code::unknown;
  }
}

}  // namespace sluice::wire
