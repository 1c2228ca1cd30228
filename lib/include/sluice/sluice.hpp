// SPDX-License-Identifier: Apache-2.0
#pragma once

// What most programs use; those that count compile time include the parts. Apart: <sluice/client/jwt.hpp>,
// <sluice/client/oauth2.hpp>, <sluice/services/...> and <sluice/testing/...>.

#include <sluice/client/calls.hpp>
#include <sluice/client/channel.hpp>
#include <sluice/client/credentials.hpp>
#include <sluice/client/generic_stub.hpp>
#include <sluice/client/interceptor.hpp>
#include <sluice/coro/asio.hpp>
#include <sluice/coro/event.hpp>
#include <sluice/coro/event_loop.hpp>
#include <sluice/coro/first_of.hpp>
#include <sluice/coro/generator.hpp>
#include <sluice/coro/queue.hpp>
#include <sluice/coro/scope.hpp>
#include <sluice/coro/sleep.hpp>
#include <sluice/coro/task.hpp>
#include <sluice/coro/when_all.hpp>
#include <sluice/generated.hpp>
#include <sluice/rpc/compressor.hpp>
#include <sluice/server/bearer.hpp>
#include <sluice/server/generic_service.hpp>
#include <sluice/server/interceptor.hpp>
#include <sluice/server/io_threads.hpp>
#include <sluice/server/server.hpp>
