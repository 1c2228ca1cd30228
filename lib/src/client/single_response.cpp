// SPDX-License-Identifier: Apache-2.0
#include <sluice/client/single_response.hpp>

namespace sluice::calling {

bool end_waiter::start(client_call& call, std::coroutine_handle<> self, coro::context& under) {
  if (call.started()) throw_misuse("a unary call is awaited twice");
  call.start(under);
  if (call.ended()) return false;
  self_ = self;
  under_ = &under;
  call.when_ended(*this);
  return true;
}

void end_waiter::run() noexcept { coro::resume_under(*under_, self_); }

status read_response(client_call& call, void* response, bool (*parse)(void*, bytes_view)) {
  if (!call.outcome().ok()) return call.outcome();
  bytes_view bytes;
  if (call.read(bytes) != call_stream::read_result::message)
    return call.outcome().ok()
               ? status{code::unimplemented, "the response stream ended without its one message"}
               : call.outcome();  // what was read is broken
  if (!parse(response, bytes)) return malformed_message();
  if (call.read(bytes) == call_stream::read_result::message)
    return status{code::unimplemented, "more than the one message of a response"};
  return {};
}

}  // namespace sluice::calling
