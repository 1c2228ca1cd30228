// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bridge between tasks and Boost.Asio, both ways:
//   co_await timer.async_wait(asio::deferred)      any Asio operation, inside a task
//   task()(asio::use_awaitable)                    any task or call, as an Asio operation
//   sluice::run(io, task())                        blocking: runs io until the task is done
//   sluice::spawn(executor, task(), token)         starts a task on an executor
//   co_await sluice::resume_on(pool)               moves to another executor, for heavy work

#include <sluice/coro/asio_operation.hpp>
#include <sluice/coro/resume_on.hpp>
#include <sluice/coro/spawn.hpp>
