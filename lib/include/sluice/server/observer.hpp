// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>
#include <sluice/core/status.hpp>

#include <string_view>

namespace sluice {

/// Told what a server does: for metrics, tests, access logs. The calls are made on the executor of the connection, so an
/// observer that several threads' servers share needs its own lock. It must not throw.
class server_observer {
 public:
  virtual ~server_observer() = default;
  virtual void connection_opened(std::string_view /*peer*/) noexcept {}
  virtual void connection_closed(std::string_view /*peer*/, std::string_view /*why*/) noexcept {}
  virtual void call_started(std::string_view /*method*/, std::string_view /*peer*/) noexcept {}
  /// When the status is decided; `took` counts from the request's headers.
  virtual void call_ended(std::string_view /*method*/, status const&, duration /*took*/) noexcept {}
};

}  // namespace sluice
