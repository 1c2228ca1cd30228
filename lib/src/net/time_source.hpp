// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <string>

namespace sluice::net {

namespace asio = boost::asio;

/// Calls back once, later, on its executor.
///
/// Starting again replaces what was started; cancelling or destroying the timer means that the callback is
/// not called, even when the time has passed already.
class timer {
 public:
  virtual ~timer() = default;
  virtual void start(duration after, std::function<void()> fire) = 0;
  virtual void cancel() noexcept = 0;
};

/// Where this layer reads the time and how it waits: a parameter, so that tests need no sleeps.
class time_source {
 public:
  virtual ~time_source() = default;
  [[nodiscard]] virtual time_point now() const noexcept = 0;
  [[nodiscard]] virtual std::unique_ptr<timer> make_timer(asio::any_io_executor const& executor) = 0;
};

/// The steady clock and Asio's timers.
[[nodiscard]] std::shared_ptr<time_source> real_time();

/// "0.3 ms", "20.0 s": for error messages.
[[nodiscard]] std::string describe(duration length);

}  // namespace sluice::net
