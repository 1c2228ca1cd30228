// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/client_call.hpp>
#include <sluice/core/result.hpp>
#include <sluice/coro/context.hpp>
#include <sluice/rpc/codec.hpp>

#include <coroutine>
#include <utility>

namespace sluice {
namespace calling {

/// Waits for the end of a call that has one request and one response.
class end_waiter final : private coro::ready_node {
 public:
  /// Starts `call`, and resumes `self` under `under` when it has ended. False when it has already: do not suspend. Throws
  /// status_error FAILED_PRECONDITION when the call was started before.
  [[nodiscard]] bool start(client_call& call, std::coroutine_handle<> self, coro::context& under);

 private:
  void run() noexcept override;
  std::coroutine_handle<> self_;
  coro::context* under_ = nullptr;
};

/// Parses the one response of a call that has ended into `response`. Not ok: why there is none.
[[nodiscard]] status read_response(client_call& call, void* response, bool (*parse)(void*, bytes_view));

template <class Response>
[[nodiscard]] status read_response(client_call& call, Response& response) {
  return read_response(call, &response, [](void* into, bytes_view bytes) {
    return codec<Response>::parse(*static_cast<Response*>(into), bytes);
  });
}
template <class Response>
[[nodiscard]] result<Response> take_response(client_call& call) {
  Response response;
  if (status why = read_response(call, response); !why.ok()) return why;
  return response;
}
/// The same, or throws.
template <class Response>
[[nodiscard, gnu::always_inline]] inline Response response_or_throw(client_call& call) {
  Response response;
  if (status why = read_response(call, response); !why.ok()) throw status_error{std::move(why)};
  return response;
}

/// Ends with the call, and with the generator of its requests. The awaiter's stop ends the call, whoever has started it.
class joined_end_waiter : private coro::ready_node, private coro::stop_observer {
 protected:
  joined_end_waiter() = default;
  ~joined_end_waiter() = default;
  /// `pump`: null when no generator writes.
  template <class Pump, coro::has_context Promise>
  [[nodiscard]] bool wait(std::coroutine_handle<Promise> self, client_call& call, Pump* pump) {
    self_ = self;
    under_ = self.promise().context();
    left_ = 0;
    if (!call.ended()) {
      ++left_;
      call.when_ended(*this);
    }
    if (pump != nullptr && pump->running()) {
      ++left_;
      pump->when_over(pumped_);
    }
    if (left_ == 0) return false;
    call_ = &call;
    under_->stop().observe(*this);
    return true;
  }

 private:
  struct pumped_node final : coro::ready_node {
    explicit pumped_node(joined_end_waiter& self) noexcept : self_{self} {}
    void run() noexcept override { self_.run(); }
    joined_end_waiter& self_;
  };
  void run() noexcept final {
    if (--left_ != 0) return;
    coro::stop_observer::unlink();
    coro::resume_under(*under_, self_);
  }
  void stop_requested(stop_reason reason) noexcept final { call_->cancel(to_status(reason)); }

  client_call* call_ = nullptr;
  std::coroutine_handle<> self_;
  coro::context* under_ = nullptr;
  int left_ = 0;
  pumped_node pumped_{*this};
};

}  // namespace calling

}  // namespace sluice
