// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/scheduler.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace sluice {

namespace asio = boost::asio;

namespace coro {

/// The scheduler of a serial executor, made on first use and shared by everything that runs there: an io_context's
/// executor (run by one thread), or a strand. Thread-safe.
///
/// The executor of a thread_pool is not serial and is refused with std::invalid_argument: pass make_strand(pool).
[[nodiscard]] std::shared_ptr<scheduler> scheduler_of(asio::any_io_executor const& executor);

/// The executor of a scheduler that scheduler_of returned.
[[nodiscard]] asio::any_io_executor const& executor_of(scheduler const& where) noexcept;

}  // namespace coro
}  // namespace sluice
