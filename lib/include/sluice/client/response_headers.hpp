// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/client_call.hpp>
#include <sluice/coro/waiter.hpp>

#include <coroutine>
#include <utility>

namespace sluice::calling {

/// Waits for a call's initial metadata. Starts the call if need be.
template <class Begin>
class headers_awaiter final : private coro::waiter {
 public:
  headers_awaiter(client_call& call, Begin begin) noexcept : call_{call}, begin_{std::move(begin)} {}
  [[nodiscard]] bool await_ready() const noexcept { return call_.started() && known(); }
  template <coro::has_context Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> self) {
    begin_(*self.promise().context());
    if (known() || !this->suspend(self)) return false;
    call_.when_headers(&arrived_);
    return true;
  }
  bool await_resume() const {
    this->throw_if_stopped();
    return call_.has_headers();
  }

 private:
  // The call queues this; the waiter also leaves the stop's list.
  struct arrival final : coro::ready_node {
    explicit arrival(headers_awaiter& self) noexcept : self_{self} {}
    void run() noexcept override { self_.wake(); }
    headers_awaiter& self_;
  };
  [[nodiscard]] bool known() const noexcept { return call_.has_headers() || call_.ended(); }
  void abandoned() noexcept override {
    call_.when_headers(nullptr);
    arrived_.unlink();
  }
  client_call& call_;
  Begin begin_;
  arrival arrived_{*this};
};

/// What is awaited: g++ 12 wants an awaiter that cannot move to be a prvalue.
template <class Begin>
class [[nodiscard]] headers_operation {
 public:
  headers_operation(client_call& call, Begin begin) noexcept : call_{&call}, begin_{std::move(begin)} {}
  [[nodiscard]] headers_awaiter<Begin> operator co_await() const noexcept {
    return headers_awaiter<Begin>{*call_, begin_};
  }

 private:
  client_call* call_;
  Begin begin_;
};

template <class Begin>
[[nodiscard]] headers_operation<Begin> headers_of(client_call& call, Begin begin) noexcept {
  return {call, std::move(begin)};
}

}  // namespace sluice::calling
