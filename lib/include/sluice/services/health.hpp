// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/server/service.hpp>

#include <memory>
#include <string_view>

namespace sluice {

enum class serving_status : unsigned char { unknown = 0, serving = 1, not_serving = 2, service_unknown = 3 };

/// The field's health service, grpc.health.v1.Health: Check, Watch and List (gRPC health checking protocol).
///
///   sluice::health_service health;                   // the whole server, "", is serving
///   health.set("routeguide.RouteGuide", sluice::serving_status::serving);
///   server.add(health);
///
/// Check of a service that was never set fails with NOT_FOUND; Watch of one says service_unknown and goes on watching.
///
/// Concurrency: thread-safe, also while servers of several threads serve it. Lifetime: outlives the servers it was added to.
class health_service {
 public:
  health_service();
  ~health_service();
  health_service(health_service const&) = delete;
  health_service& operator=(health_service const&) = delete;

  /// Tells every watcher of the service when this changes something. Ignored after `shut_down`.
  void set(std::string_view service, serving_status status);
  [[nodiscard]] serving_status get(std::string_view service) const;
  /// Everything is not_serving from now on: call it when the server begins to drain.
  void shut_down();

  [[nodiscard]] operator service&() noexcept;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace sluice
