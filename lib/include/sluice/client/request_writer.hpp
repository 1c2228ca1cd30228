// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/any_call.hpp>
#include <sluice/coro/generator.hpp>
#include <sluice/coro/intrusive_list.hpp>
#include <sluice/coro/outcome.hpp>
#include <sluice/coro/waiter.hpp>
#include <sluice/rpc/codec.hpp>
#include <sluice/rpc/message_pump.hpp>

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace sluice {
namespace calling {

/// Waits for room in a call's stream.
class room_waiter : public coro::waiter, public coro::list_hook<struct room_waiters> {
 public:
  using list_tag = room_waiters;

 protected:
  room_waiter() noexcept = default;
  ~room_waiter() = default;

 private:
  void abandoned() noexcept override { coro::list_hook<room_waiters>::unlink(); }
};

/// Told by the call when its stream has room. Lives as long as the call, which may tell it when the writer that waited has
/// been stopped, and has gone.
class room_signal final : public coro::ready_node, public coro::pooled {
 public:
  [[nodiscard]] bool awaited() const noexcept { return !waiting_.empty(); }
  void wake_on_room(client_call& call, room_waiter& who) noexcept {
    coro::ready_node::unlink();  // from an earlier writer's wait
    waiting_.push_back(who);
    call.when_writable(*this);
  }

 private:
  void run() noexcept override {
    while (!waiting_.empty()) waiting_.pop_front().wake();
  }
  coro::intrusive_list<room_waiter> waiting_;  // one; it leaves by itself, and may outlive the call
};

/// A generator that writes the requests of a call.
template <class Request>
class request_pump final : private coro::completion, private coro::root, public coro::pooled {
 public:
  request_pump(client_call& call, generator<Request> requests) noexcept
      : call_{call}, requests_{std::move(requests)} {}

  /// Once, after the call has started.
  void start() { pump_.start(std::move(requests_), call_, call_.context(), *this); }
  [[nodiscard]] bool running() const noexcept { return !requests_.valid() && !over_; }
  /// Queues `node` when the generator has ended.
  void when_over(coro::ready_node& node) noexcept { joining_ = &node; }
  /// The owner goes. While the generator runs it is stopped, and it, the call and this live until it has ended.
  void release(client_call_ptr call) noexcept {
    if (!running() || call_.context().scheduler().is_over()) {
      delete this;
      return;
    }
    orphaned_ = std::move(call);
    orphaned_->forget_readers();
    call_.context().scheduler().adopt(*this);
    orphaned_->cancel(status{code::cancelled, "the call was destroyed"});
  }

 private:
  void completed() noexcept override {
    over_ = true;
    auto ended = pump_.failure();
    if (auto const* why = ended.failed_status()) call_.cancel(*why);
    else if (ended.error()) fail(ended);
    else call_.writes_done();
    if (orphaned_) {
      auto const last = std::move(orphaned_);  // let go after this
      delete this;
    } else if (joining_ != nullptr) call_.context().scheduler().ready(*std::exchange(joining_, nullptr));
  }
  // The executor's context goes before the generator has ended.
  void abandon() noexcept override {
    auto const last = std::move(orphaned_);
    delete this;
  }
  void fail(coro::outcome<void>& ended) noexcept {
    try {
      if (auto const how = ended.take_result(); !how) call_.cancel(how.error());
    } catch (std::exception const& error) {
      call_.cancel(status{code::cancelled, std::string{"the request generator threw: "} + error.what()});
    } catch (...) { call_.cancel(status{code::cancelled, "the request generator threw"}); }
  }
  client_call& call_;
  generator<Request> requests_;  // until it starts
  message_pump<Request> pump_;
  coro::ready_node* joining_ = nullptr;
  client_call_ptr orphaned_;
  bool over_ = false;
};

/// A call with a stream of requests: `write` and `writes_done`, or a generator.
template <class Request>
class writing_call : public any_call {
 public:
  /// `co_await call.write(message)`: the message is serialized at once; completes when the stream has room for more.
  /// Fails with: the call's status when it has ended; FAILED_PRECONDITION after writes_done, beside another write that
  /// waits, or when a generator writes. Starts the call.
  class write_operation {
   public:
    write_operation(writing_call& call, Request const& message,
                    std::optional<compression_mode> mode = std::nullopt) noexcept
        : call_{call}, message_{message}, mode_{mode} {}
    class awaiter final : private room_waiter {
     public:
      awaiter(writing_call& call, Request const& message, std::optional<compression_mode> mode) noexcept
          : call_{call}, message_{message}, mode_{mode} {}
      [[nodiscard]] bool await_ready() const noexcept { return false; }
      template <coro::has_context Promise>
      [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> self) {
        call_.refuse_beside_generator();
        if (call_.room_ && call_.room_->awaited()) throw_misuse("two writes of one stream at once");
        call_.begin(*self.promise().context());
        if (write() || !call_.call_->write_error().ok()) return false;
        if (!call_.room_) call_.room_.reset(new room_signal);
        if (!this->suspend(self)) return false;
        call_.room_->wake_on_room(*call_.call_, *this);
        return true;
      }
      void await_resume() const {
        this->throw_if_stopped();
        if (auto const why = call_.call_->write_error(); !why.ok()) throw status_error{why};
      }

     private:
      [[nodiscard]] bool write() const {
        auto& to = *call_.call_;
        if (!mode_) return write_message(to, message_);
        compression_mode const before = to.compress_messages(*mode_);
        bool const room = write_message(to, message_);
        to.compress_messages(before);
        return room;
      }
      writing_call& call_;
      Request const& message_;
      std::optional<compression_mode> mode_;
    };
    [[nodiscard]] awaiter operator co_await() const noexcept { return awaiter{call_, message_, mode_}; }

   private:
    writing_call& call_;
    Request const& message_;
    std::optional<compression_mode> mode_;
  };
  [[nodiscard]] write_operation write(Request const& message) noexcept { return {*this, message}; }
  /// The same, with this message compressed or not when the call has a compression.
  [[nodiscard]] write_operation write(Request const& message, compression_mode mode) noexcept {
    return {*this, message, mode};
  }
  /// Which messages are compressed from now on, when the call has a compression. Returns what held before.
  compression_mode compress_messages(compression_mode mode) noexcept {
    return call_->compress_messages(mode);
  }

 protected:
  writing_call(client_call_ptr call, generator<Request> requests)
      : any_call{std::move(call)},
        pump_{requests.valid() ? new request_pump<Request>{*call_, std::move(requests)} : nullptr} {}
  explicit writing_call(client_call_ptr call) noexcept : any_call{std::move(call)} {}
  ~writing_call() {
    if (pump_) pump_.release()->release(std::move(call_));
  }
  writing_call(writing_call&&) noexcept = default;
  writing_call& operator=(writing_call&& other) noexcept {
    if (pump_) pump_.release()->release(std::move(call_));
    any_call::operator=(std::move(other));
    pump_ = std::move(other.pump_);
    room_ = std::move(other.room_);
    return *this;
  }

  void begin(coro::context& parent) {
    if (call_->started()) return;
    call_->start(parent);
    if (pump_ && !call_->ended()) pump_->start();
  }
  void refuse_beside_generator() const {
    if (pump_)
      throw sluice::status_error{code::failed_precondition, "a generator writes the requests of this call"};
  }
  /// Half-closes; also starts a call that has not written anything.
  class done_operation {
   public:
    explicit done_operation(writing_call& call) noexcept : call_{call} {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <coro::has_context Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> self) {
      call_.refuse_beside_generator();
      call_.begin(*self.promise().context());
      call_.call_->writes_done();
      return false;
    }
    void await_resume() const noexcept {}

   private:
    writing_call& call_;
  };

  std::unique_ptr<request_pump<Request>> pump_;  // none: the user writes
  std::unique_ptr<room_signal> room_;  // once a write has had to wait
};

}  // namespace calling

}  // namespace sluice
