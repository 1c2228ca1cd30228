// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/server/service.hpp>

#include <memory>

namespace sluice {

/// The field's reflection service, grpc.reflection.v1.ServerReflection, and the same as v1alpha for older clients: tools
/// such as grpcurl ask it what a server offers, and call without a .proto file (gRPC server reflection protocol).
///
///   sluice::reflection_service reflection;
///   server.add(reflection);
///
/// It lists the services of the server that is asked, and tells every .proto file that is linked into the program, whether a
/// service uses it or not: do not add it where that is a secret. A file goes out with all files that it imports; an import
/// that was sent on a stream is not sent on that stream again.
///
/// Limits: names of up to 4096 bytes, requests of up to 16 KiB; a stream remembers the files that it sent, and nothing else.
/// Concurrency: thread-safe, also while servers of several threads serve it. Lifetime: outlives the servers it was added to.
class reflection_service {
 public:
  reflection_service();
  ~reflection_service();
  reflection_service(reflection_service const&) = delete;
  reflection_service& operator=(reflection_service const&) = delete;

  [[nodiscard]] operator service&() noexcept;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace sluice
