// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/client_call.hpp>
#include <sluice/client/interceptor.hpp>
#include <sluice/coro/context.hpp>
#include <sluice/coro/event.hpp>
#include <sluice/coro/frame_pool.hpp>
#include <sluice/coro/task.hpp>

#include "client/request_log.hpp"
#include "rpc/message_hooks.hpp"

#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::calling {

class channel_state;
class interception;

/// A call with interceptors around it, or with credentials: stands between a typed call and the outgoing_calls that are
/// its attempts.
///
///   typed call -> intercepted_call -> interceptor 0 -> ... -> interceptor n -> credentials -> attempt
///                       messages:  <-> hooks of all of them <->
///
/// The chain is one task. Messages do not pass through it: a request is shown to the hooks and written to the attempt at
/// once, or kept in the log until there is one. A response is shown to the hooks when the attempt has it, and held until
/// the caller reads it. An attempt is over when it has ended and its last response was handed on.
///
/// A deadline, a stop, a cancel or the channel's end ends it for the caller at once; the chain is stopped. It lives until
/// its owner has released it and the chain has ended, and frees itself then.
class intercepted_call final : public client_call,
                               private coro::completion,
                               private coro::timer,
                               private coro::stop_observer,
                               private coro::root,
                               public coro::list_hook<struct intercepted_calls>,
                               public coro::pooled {
 public:
  using list_tag = intercepted_calls;

  /// `path` owns what `which` names, unless that is a constant.
  intercepted_call(std::shared_ptr<channel_state> on, sluice::method which,
                   std::shared_ptr<std::string const> path, call_options options);
  ~intercepted_call();

  /// The channel is shut down.
  void shut_down(status why) noexcept { end(std::move(why), stop_reason::local, true); }

  // client_call
  void start(coro::context& parent) override;
  bool started() const noexcept override { return context_.has_value(); }
  void writes_done() noexcept override;
  void cancel(status why) noexcept override;
  void when_ended(coro::ready_node& node) noexcept override;
  bool ended() const noexcept override { return ended_; }
  status const& outcome() const noexcept override { return outcome_; }
  metadata const& initial_metadata() const noexcept override;
  metadata const& trailing_metadata() const noexcept override;
  bool has_headers() const noexcept override { return attempt_ && attempt_->has_headers(); }
  void when_headers(coro::ready_node* node) noexcept override;
  std::string const& peer() const noexcept override;
  compression_mode compress_messages(compression_mode mode) noexcept override;
  bool response_compressed() const noexcept override { return handed_compressed_; }
  peer_identity const* identity() const noexcept override {
    return attempt_ ? attempt_->identity() : nullptr;
  }
  coro::context& context() noexcept override { return *context_; }
  void forget_readers() noexcept override { on_end_ = on_headers_ = reader_ = nullptr; }
  void release() noexcept override;

  // call_stream
  read_result read(bytes_view& message) override;
  void when_readable(coro::ready_node& node) noexcept override;
  std::span<std::byte> begin_message(std::size_t size) override;
  bool end_message() override;
  void when_writable(coro::ready_node& node) noexcept override;
  bool writable() const noexcept override;
  status write_error() const override;

 private:
  friend interception;

  // The attempt queues these.
  template <void (intercepted_call::*Do)()>
  struct node final : coro::ready_node {
    explicit node(intercepted_call& self) noexcept : self_{self} {}
    void run() noexcept override { self_.guarded(Do); }
    intercepted_call& self_;
  };

  // completion: the chain
  void completed() noexcept override;
  // timer: the deadline
  void expired() noexcept override;
  // stop_observer: the context
  void stop_requested(stop_reason reason) noexcept override;
  // root: released, and the executor's context goes before the chain has ended
  void abandon() noexcept override { delete this; }

  // A response may be too large for the memory, and a user's compressor may throw.
  void guarded(void (intercepted_call::*what)()) noexcept;
  [[nodiscard]] status check();
  [[nodiscard]] task<status> run_from(std::size_t index, call_options options);
  [[nodiscard]] task<status> attempt(call_options options);
  void begin_attempt(call_options options, coro::context& under);
  void attempt_ended();
  void attempt_readable();
  void attempt_writable();
  void attempt_has_headers();
  void attempt_over() noexcept;

  [[nodiscard]] bool writes_through() const noexcept;
  void send(request_log::entry const& request);
  void flush();
  void pull();
  void forget_response();
  void hold(bytes_view response);
  [[nodiscard]] status show_response(passing_message& message, std::size_t inside);
  void respond(raw_message message, std::size_t from);
  [[nodiscard]] bool may_retry() const noexcept { return !handed_ && !lost_; }

  [[nodiscard]] status describe(std::exception_ptr thrown) const noexcept;
  [[nodiscard]] bool has_one_response() const noexcept {
    return method_.kind == method_kind::unary || method_.kind == method_kind::client_streaming;
  }
  void end(status how, stop_reason why, bool discard) noexcept;
  void wake(coro::ready_node*& who) noexcept;
  void left() noexcept;
  void free_if_over() noexcept;

  std::shared_ptr<channel_state> channel_;
  std::shared_ptr<std::string const> own_path_;
  sluice::method method_;
  call_options options_;
  std::optional<coro::context> context_;
  coro::ready_node* on_end_ = nullptr;
  coro::ready_node* on_headers_ = nullptr;
  coro::ready_node* reader_ = nullptr;
  coro::ready_node* writer_ = nullptr;
  node<&intercepted_call::attempt_ended> attempt_ended_{*this};
  node<&intercepted_call::attempt_readable> attempt_readable_{*this};
  node<&intercepted_call::attempt_writable> attempt_writable_{*this};
  node<&intercepted_call::attempt_has_headers> attempt_has_headers_{*this};
  metadata no_metadata_yet_;
  std::string no_peer_yet_;
  status outcome_;
  status refused_;  // why a message could not be written
  time_point began_;

  request_log requests_;
  std::size_t keep_limit_ = 0;
  client_call_ptr attempt_;
  coro::context* attempt_under_ = nullptr;  // while its coroutine waits
  status attempt_failure_;  // of a hook
  event attempt_is_over_;
  bytes_view held_response_;
  std::string replaced_response_;
  std::deque<raw_message> supplied_;  // by an interceptor
  raw_message supplied_response_;  // the one that was handed out
  /// An interceptor's `next` that runs. It may outlive this, in a scope that nobody joined.
  struct visit;
  coro::intrusive_list<visit, struct call_visits> entered_;
  std::optional<compression_mode> mode_;  // as the caller has said, beside the options
  bool held_compressed_ = false;
  bool handed_compressed_ = false;
  bool attempted_ = false;
  bool held_ = false;
  bool handed_ = false;  // the caller has seen a response
  bool lost_ = false;  // a request was sent and not kept
  bool through_ = false;  // the message that is being written goes to the attempt in place
  bool writes_done_ = false;
  bool chain_runs_ = false;
  bool ended_ = false;
  bool released_ = false;

  std::vector<std::unique_ptr<interception>> layers_;
  task<status> chain_;  // the first to go: it uses the rest
};

}  // namespace sluice::calling
