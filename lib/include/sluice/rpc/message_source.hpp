// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/context.hpp>
#include <sluice/coro/generator.hpp>
#include <sluice/rpc/codec.hpp>

#include <coroutine>
#include <utility>

namespace sluice {

/// A call's incoming messages as the source of a generator: parsed one at a time, on demand, into one message that is
/// reused. A message that is buffered already costs a parse and no suspension.
///
/// A reader is resumed by the stream or by the stop of its own context, which may be stricter than the call's: a task of
/// a scope, or the loser of a first_of, ends when it is asked to.
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
  [[nodiscard]] std::coroutine_handle<> pull(std::coroutine_handle<> consumer,
                                             coro::context& under) override {
    coro::ready_node::unlink();  // the stream may have woken it for a reader that a stop took away
    consumer_ = consumer;
    under_ = &under;
    stream_->when_readable(*this);
    under.stop().observe(stopped_);
    return std::noop_coroutine();
  }
  [[nodiscard]] T* take() override {
    T* item = nullptr;
    static_cast<void>(poll(item));
    return item;
  }
  [[nodiscard]] coro::outcome<void> failure() override {
    coro::outcome<void> how;
    if (status why = what_failed(); !why.ok()) how.fail(std::move(why));
    return how;
  }
  void drop() noexcept override {}
  [[nodiscard]] bool waiting() const noexcept { return static_cast<bool>(consumer_); }

 protected:
  ~message_source() = default;
  /// The stream goes away before this does: nothing is read any more, and a reader that waits is resumed.
  void cut() noexcept {
    ended_ = true;
    if (consumer_ && !coro::ready_node::linked() && !stopped_.coro::ready_node::linked())
      under_->scheduler().ready(stopped_);
  }
  /// The stream ended: what that failed with.
  [[nodiscard]] virtual status ended() = 0;
  /// A message did not parse, which is what the reader fails with.
  virtual void failed(status const& /*why*/) noexcept {}

 private:
  status what_failed() {
    if (!ended_) {  // woken without a message
      if (under_->stop().stop_requested()) return to_status(under_->stop().reason());
      return status{code::internal, "a stream woke its reader without a message"};
    }
    if (std::exchange(told_, true)) return status{};
    if (!malformed_) return ended();
    status why = malformed_message();
    failed(why);
    return why;
  }
  // Wakes the reader when its context is stopped; by a node of its own, as the stream keeps the other one.
  struct stop_node final : coro::ready_node, coro::stop_observer {
    explicit stop_node(message_source& self) noexcept : self_{self} {}
    void stop_requested(stop_reason) noexcept override { self_.under_->scheduler().ready(*this); }
    void run() noexcept override { self_.run(); }
    message_source& self_;
  };
  void run() noexcept override {
    if (!consumer_) return;
    coro::ready_node::unlink();
    stopped_.coro::ready_node::unlink();
    stopped_.coro::stop_observer::unlink();
    coro::resume_under(*under_, std::exchange(consumer_, {}));
  }

  call_stream* stream_;
  T message_;
  std::coroutine_handle<> consumer_;
  coro::context* under_ = nullptr;
  stop_node stopped_{*this};
  bool ended_ = false;
  bool malformed_ = false;
  bool told_ = false;  // that it failed, or ended
};

}  // namespace sluice
