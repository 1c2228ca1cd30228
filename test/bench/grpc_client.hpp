// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench.grpc.pb.h"
#include "program.hpp"

#include <memory>
#include <string>
#include <vector>

// The rival's client, by its callback and its completion queue interface.
namespace bench {

using stubs = std::vector<std::unique_ptr<Echo::Stub>>;  // one for each connection

void run_callback_client(program_options const& options, stubs const& all);
void run_async_client(program_options const& options, stubs const& all);

inline Message make_message(program_options const& options) {
  Message message;
  message.set_payload(std::string(options.size, 'x'));
  return message;
}

inline Request make_request(program_options const& options) {
  Request request;
  request.set_count(options.calls);
  request.set_size(options.size);
  return request;
}

inline void expect_ok(grpc::Status const& status) {
  if (!status.ok()) fail("a call failed: " + status.error_message());
}

inline void expect_echo(program_options const& options, Message const& reply) {
  if (reply.payload().size() != options.size) fail("a reply of another size");
}

inline void expect_count(program_options const& options, std::uint64_t count) {
  if (count != options.calls) fail("lost messages: " + std::to_string(count));
}

}  // namespace bench
