// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/generator.hpp>
#include <sluice/rpc/codec.hpp>

#include <coroutine>
#include <utility>

namespace sluice {

/// A call's incoming messages as the source of a generator: parsed one at a time, on demand, into one message that is
/// reused. A message that is buffered already costs a parse and no suspension.
template <class T>
class message_source : public coro::generator_source<T>, private coro::ready_node {
 public:
  explicit message_source(call_stream& from) noexcept : stream_{&from} {}

  [[nodiscard]] bool poll(T*& item) override {
    item = nullptr;
    if (ended_) return true;
    bytes_view bytes;
    switch (stream_->read(bytes)) {
      case call_stream::read_result::pending: return false;
      case call_stream::read_result::end: ended_ = true; return true;
      case call_stream::read_result::message: break;
    }
    if (!codec<T>::parse(message_, bytes)) {
      ended_ = malformed_ = true;
      return true;
    }
    item = &message_;
    return true;
  }
  [[nodiscard]] std::coroutine_handle<> pull(std::coroutine_handle<> consumer, coro::context& under) override {
    consumer_ = consumer;
    under_ = &under;
    stream_->when_readable(*this);
    return std::noop_coroutine();
  }
  [[nodiscard]] T* take() override {
    T* item = nullptr;
    if (!ended_ && !poll(item)) throw status_error{code::internal, "a stream woke its reader without a message"};
    if (item != nullptr) return item;
    if (std::exchange(malformed_, false)) failed(malformed_message());
    ended();
    return nullptr;
  }
  void drop() noexcept override {}
  [[nodiscard]] bool waiting() const noexcept { return static_cast<bool>(consumer_); }

 protected:
  ~message_source() = default;
  /// The stream ended: throw when that was a failure.
  virtual void ended() = 0;
  /// A message did not parse: throws.
  virtual void failed(status why) { throw status_error{std::move(why)}; }

 private:
  void run() noexcept override { coro::resume_under(*under_, std::exchange(consumer_, {})); }

  call_stream* stream_;
  T message_;
  std::coroutine_handle<> consumer_;
  coro::context* under_ = nullptr;
  bool ended_ = false;
  bool malformed_ = false;
};

}  // namespace sluice
