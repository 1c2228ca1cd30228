// SPDX-License-Identifier: Apache-2.0
#pragma once

// The four kinds of call, as stubs return them.

#include <sluice/client/bidi_streaming_call.hpp>
#include <sluice/client/client_streaming_call.hpp>
#include <sluice/client/server_streaming_call.hpp>
#include <sluice/client/unary_call.hpp>
