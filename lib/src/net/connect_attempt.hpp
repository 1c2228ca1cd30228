// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/net/address.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <system_error>

#include "net/time_source.hpp"
#include "net/unique_fd.hpp"

namespace sluice::net {

/// One connect(2) to one address. It tells an outcome that is known at once by `start`'s result, a later one
/// by `done`. Destroying the attempt closes the socket, and `done` is not called.
class connect_attempt {
 public:
  using on_done = std::function<void(std::error_code)>;

  connect_attempt(asio::any_io_executor const& executor, address where, std::shared_ptr<time_source> time);
  ~connect_attempt();
  connect_attempt(connect_attempt const&) = delete;
  connect_attempt& operator=(connect_attempt const&) = delete;

  /// errc::operation_in_progress: `done` will be called. No error: connected.
  [[nodiscard]] std::error_code start(on_done done);
  /// The connected socket.
  [[nodiscard]] unique_fd take();

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace sluice::net
