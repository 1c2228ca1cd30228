// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/client_call.hpp>
#include <sluice/coro/context.hpp>
#include <sluice/coro/frame_pool.hpp>

#include "rpc/message_coding.hpp"
#include "transport/message_stream.hpp"
#include "wire/header_block.hpp"

#include <memory>
#include <optional>
#include <string>

namespace sluice::calling {

class channel_state;

/// What a call fails with that is awaited elsewhere than its channel lives.
[[nodiscard]] status wrong_executor();

/// One call of a client: an HTTP/2 stream below, a typed call above.
///
///   new -> started -> waits in the channel for a connection -> attempt: headers and messages leave
///       -> headers, messages, trailers arrive -> ended
/// A deadline, a stop, a cancel or a lost connection ends it from any state; the peer is told by RST_STREAM.
///
/// It lives until its owner has released it and its stream is closed, and frees itself then.
class outgoing_call final : public client_call,
                            public transport::message_stream,
                            private coro::timer,
                            private coro::stop_observer,
                            public coro::list_hook<struct channel_calls>,
                            public coro::list_hook<struct waiting_calls>,
                            public coro::pooled {
 public:
  outgoing_call(std::shared_ptr<channel_state> on, sluice::method which, call_options options);
  /// Of a method that is known at run time only: `path` owns what `which` names.
  outgoing_call(std::shared_ptr<channel_state> on, sluice::method which,
                std::shared_ptr<std::string const> path, call_options options);

  // client_call
  void start(coro::context& parent) override;
  bool started() const noexcept override { return context_.has_value(); }
  compression_mode compress_messages(compression_mode mode) noexcept override;
  bool response_compressed() const noexcept override {
    return coding_ != nullptr && coding_->taken_compressed();
  }
  void writes_done() noexcept override;
  void cancel(status why) noexcept override;
  void when_ended(coro::ready_node& node) noexcept override;
  bool ended() const noexcept override { return ended_; }
  status const& outcome() const noexcept override { return outcome_; }
  metadata const& initial_metadata() const noexcept override;
  metadata const& trailing_metadata() const noexcept override;
  bool has_headers() const noexcept override { return has_initial_; }
  void when_headers(coro::ready_node* node) noexcept override;
  std::string const& peer() const noexcept override;
  peer_identity const* identity() const noexcept override { return identity_.get(); }
  coro::context& context() noexcept override { return *context_; }
  void forget_readers() noexcept override { on_end_ = on_headers_ = reader_ = nullptr; }
  void release() noexcept override;

  // call_stream
  read_result read(bytes_view& message) override;
  void when_readable(coro::ready_node& node) noexcept override;
  std::span<std::byte> begin_message(std::size_t size) override;
  bool end_message() override;
  void when_writable(coro::ready_node& node) noexcept override;
  bool writable() const noexcept override { return ended_ || has_room(); }
  status write_error() const override;

  /// An attempt of a call that has begun: a channel that drains still takes it.
  void continue_a_call() noexcept { continues_a_call_ = true; }
  /// It has credentials: ends with UNAUTHENTICATED rather than on a connection without TLS.
  void require_tls() noexcept { requires_tls_ = true; }

  // for the channel
  [[nodiscard]] bool continues_a_call() const noexcept { return continues_a_call_; }
  [[nodiscard]] bool waits_for_ready() const noexcept { return wait_for_ready_; }
  [[nodiscard]] sluice::method which() const noexcept { return method_; }
  /// Opens the stream on `where`, or ends. False: it takes no more; nothing has changed.
  [[nodiscard]] bool attempt(transport::connection& where);
  void end(status how) noexcept;

 private:
  struct asked_options final : call_options, coro::pooled {
    explicit asked_options(call_options&& from) noexcept : call_options{std::move(from)} {}
  };
  struct received_metadata final : coro::pooled {
    metadata initial;
    metadata trailing;
  };

  // transport::stream
  void on_headers(received_fields fields, bool end, bool too_large) override;
  void on_data(bytes_view bytes) override;
  void on_end() override;
  void on_room() noexcept override;
  void on_closed(transport::stream_end const& how) noexcept override;
  // timer: the deadline
  void expired() noexcept override;
  // stop_observer: the context
  void stop_requested(stop_reason reason) noexcept override;

  [[nodiscard]] coding::message_coding& ensure_coding();
  void choose_compression();
  [[nodiscard]] received next_plain(bytes_view& message);
  [[nodiscard]] status check();
  void read_headers(received_fields fields, bool last);
  void read_trailers(received_fields trailers);
  [[nodiscard]] received_metadata& ensure_received();
  void peer_ended_call(status how);
  void fail(status how) noexcept;
  [[nodiscard]] status explain(transport::stream_end const& how) const noexcept;
  [[nodiscard]] transport::outgoing_headers request_headers(bool secure) const;
  [[nodiscard]] bool has_one_response() const noexcept {
    return method_.kind == method_kind::unary || method_.kind == method_kind::client_streaming;
  }
  void wake(coro::ready_node*& node) noexcept;
  void free_if_over() noexcept;

  std::shared_ptr<channel_state> channel_;
  std::shared_ptr<std::string const> own_path_;  // what method_ names, unless that is a constant
  sluice::method method_;
  std::unique_ptr<asked_options>
      options_;  // until the stream is open, and beyond that with a content-subtype
  std::optional<coro::context> context_;
  coro::ready_node* on_end_ = nullptr;
  coro::ready_node* on_headers_ = nullptr;
  coro::ready_node* reader_ = nullptr;
  coro::ready_node* writer_ = nullptr;
  std::unique_ptr<coding::message_coding> coding_;  // when anything may be compressed
  std::unique_ptr<received_metadata> received_;  // when the server sent some
  std::shared_ptr<std::string const> peer_;
  std::shared_ptr<peer_identity const> identity_;
  status outcome_;
  status refused_;  // why a message could not be written
  status not_grpc_;  // what the response's headers are instead
  time_point began_;
  bool wait_for_ready_;
  bool continues_a_call_ = false;
  bool requires_tls_ = false;
  bool headers_seen_ = false;
  bool has_initial_ = false;  // and not trailers alone
  bool writes_done_ = false;
  bool ended_ = false;
  bool discarded_ = false;  // we ended it: what is buffered is not handed out any more
  bool released_ = false;
};

}  // namespace sluice::calling
