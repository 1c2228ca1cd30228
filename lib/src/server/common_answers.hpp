// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/outgoing_headers.hpp"
#include "wire/response_head.hpp"
#include "wire/trailers.hpp"

namespace sluice::serving {

/// The header lists of nearly every call that goes well.
struct common_answers {
  common_answers() {
    wire::write_response_head({}, {}, head.fields);
    wire::write_trailers(status{}, {}, ok.fields);
  }
  transport::common_headers head{{}, 1};  ///< of a response in protobuf that is not compressed
  transport::common_headers ok{{}, 2};    ///< the trailers
};

}  // namespace sluice::serving
