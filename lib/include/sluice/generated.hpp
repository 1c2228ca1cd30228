// SPDX-License-Identifier: Apache-2.0
#pragma once

// What generated code stands on. Light on purpose: neither Asio nor nghttp2 comes with it.

#include <sluice/client/calls.hpp>
#include <sluice/rpc/method.hpp>
#include <sluice/rpc/protobuf.hpp>
#include <sluice/server/handlers.hpp>
#include <sluice/server/server_call.hpp>
#include <sluice/server/service.hpp>

namespace sluice {

/// The contract between generated code and the library. Generated headers assert the number that they were made for.
inline constexpr int generated_api = 1;

}  // namespace sluice
