// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/generator.hpp>
#include <sluice/coro/task.hpp>
#include <sluice/rpc/codec.hpp>

#include <utility>

namespace sluice {

namespace coro {

/// The items of `inner` from a coroutine of its own, for a generator whose items come from elsewhere.
template <class T>
generator<T> relay(generator<T> inner) {
  while (T* const item = co_await inner.next()) co_yield *item;
}

}  // namespace coro

/// Drives a generator into a call's outgoing messages: each co_yield serializes in place and goes on; the generator
/// suspends when the stream is full, and is dropped at its co_yield when the call takes no more.
template <class T>
class message_pump final : private coro::generator_sink<T>, private coro::ready_node {
 public:
  /// `done` is told once, when the generator has ended or was dropped. It may destroy the pump.
  void start(generator<T> items, call_stream& to, coro::context& under, coro::completion& done) {
    items_ = items.body() != nullptr || !items.valid() ? std::move(items) : coro::relay(std::move(items));
    stream_ = &to;
    done_ = &done;
    if (!items_.valid()) return done_->completed();
    items_.body()->start(under, *this);
  }
  /// What the generator ended with, once; after `done`.
  [[nodiscard]] coro::outcome<void> failure() const {
    if (items_.valid()) return items_.body()->failure();
    coro::outcome<void> dropped;
    if (status const why = stream_->write_error(); !why.ok()) dropped.fail(why);
    return dropped;
  }

 private:
  bool accept(T const& item) override {
    if (write_message(*stream_, item)) return true;
    stream_->when_writable(*this);
    return false;
  }
  void run() noexcept override {
    if (!stream_->write_error().ok()) {
      items_ = {};
      done_->completed();
      return;
    }
    items_.body()->resume();
  }
  void ended() noexcept override { done_->completed(); }

  generator<T> items_;
  call_stream* stream_ = nullptr;
  coro::completion* done_ = nullptr;
};

}  // namespace sluice
