// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>
#include <sluice/core/status.hpp>

#include <string_view>

namespace sluice {

/// Told what a channel does: for metrics, tests, logs. The calls are made on the channel's executor, in the middle of its
/// work: it must not throw, and neither use the channel nor destroy it or calls. What leads to that is posted.
class channel_observer {
 public:
  virtual ~channel_observer() = default;
  virtual void connection_opened(std::string_view /*peer*/) noexcept {}
  virtual void connection_closed(std::string_view /*peer*/, std::string_view /*why*/) noexcept {}
  virtual void call_started(std::string_view /*method*/) noexcept {}
  /// `took` counts from the call's start, and so contains the wait for a connection.
  virtual void call_ended(std::string_view /*method*/, status const&, duration /*took*/) noexcept {}
};

}  // namespace sluice
