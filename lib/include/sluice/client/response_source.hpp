// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/client_call.hpp>
#include <sluice/rpc/message_source.hpp>

#include <coroutine>
#include <utility>

namespace sluice {
namespace calling {

/// A call's responses as a source.
template <class Response>
class response_source final : public message_source<Response> {
 public:
  explicit response_source(client_call& call) noexcept : message_source<Response>{call}, call_{call} {}

 private:
  status ended() override { return call_.outcome(); }
  void failed(status const& why) noexcept override { call_.cancel(why); }
  client_call& call_;
};

/// `next()` of a streaming call: starts it if need be; does not suspend for a message that is buffered.
template <class Response, class Begin>
class basic_next_awaiter {
 public:
  basic_next_awaiter(client_call& call, response_source<Response>& from, Begin begin) noexcept
      : call_{call}, source_{from}, begin_{std::move(begin)} {}
  [[nodiscard]] bool await_ready() {
    if (source_.waiting()) throw_misuse("two reads of one stream at once");
    return call_.started() && source_.poll(item_);
  }
  template <coro::has_context Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> self) {
    begin_(*self.promise().context());
    if (source_.poll(item_)) return false;
    static_cast<void>(source_.pull(self, *self.promise().context()));
    return true;
  }
  [[gnu::always_inline]] Response* await_resume() {
    return item_ != nullptr ? item_ : coro::take_or_throw<Response>(source_);
  }
  result<Response*> await_result() { return item_ != nullptr ? item_ : coro::take_result<Response>(source_); }

 private:
  client_call& call_;
  response_source<Response>& source_;
  Begin begin_;
  Response* item_ = nullptr;
};
template <class Response, class Begin>
[[nodiscard]] auto next_of(client_call& call, response_source<Response>& from, Begin begin) noexcept {
  return basic_next_awaiter<Response, Begin>{call, from, std::move(begin)};
}

}  // namespace calling

}  // namespace sluice
