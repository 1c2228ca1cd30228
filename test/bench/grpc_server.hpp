// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>

// bench.Echo on grpc C++, by each of the two interfaces that its performance guide recommends.
namespace bench {

class grpc_service {
 public:
  virtual ~grpc_service() = default;
  virtual void add_to(grpc::ServerBuilder& builder) = 0;
  // Serves until the server has been shut down.
  virtual void serve(grpc::Server& server) = 0;
  // After the shutdown, from another thread.
  virtual void stop() {}
};

// The buffer hint lets a message wait in grpc for the next one, which almost doubles the rate of a stream.
// grpc 1.51 hangs when the first message, which takes the initial metadata along, has it.
inline grpc::WriteOptions write_options(bool first) {
  return first ? grpc::WriteOptions() : grpc::WriteOptions().set_buffer_hint();
}

// The slow one lets every call that asks for it wait 5 ms.
std::unique_ptr<grpc_service> make_callback_service(bool slow);
std::unique_ptr<grpc_service> make_async_service();

}  // namespace bench
