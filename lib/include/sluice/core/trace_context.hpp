// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sluice {

/// The W3C trace context of a call, as it travels in the metadata keys of the same names. Empty when there is none.
struct trace_context {
  std::string traceparent;
  std::string tracestate;
};

}  // namespace sluice
