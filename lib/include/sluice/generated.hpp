// SPDX-License-Identifier: Apache-2.0
#pragma once

// What generated headers stand on, beside the kinds of call that each names. Light on purpose: neither Asio nor nghttp2 comes
// with it.

#include <sluice/coro/generator.hpp>
#include <sluice/coro/task.hpp>
#include <sluice/rpc/method.hpp>
#include <sluice/rpc/protobuf.hpp>
#include <sluice/server/server_call.hpp>
#include <sluice/server/service.hpp>

namespace sluice {

class channel;

/// The contract between generated code and the library. Generated headers assert the number that they were made for.
inline constexpr int generated_api = 1;

}  // namespace sluice
