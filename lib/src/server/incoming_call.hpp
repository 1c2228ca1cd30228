// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/metadata.hpp>
#include <sluice/coro/context.hpp>
#include <sluice/coro/frame_pool.hpp>
#include <sluice/server/server_call.hpp>
#include <sluice/server/service.hpp>

#include "rpc/message_coding.hpp"
#include "server/dispatcher.hpp"
#include "transport/message_stream.hpp"
#include "wire/header_block.hpp"
#include "wire/request_head.hpp"
#include "wire/response_head.hpp"

#include <memory>
#include <string>

namespace sluice::serving {

class server_connection;

/// One call on the server: an HTTP/2 stream below, a handler above.
///
///   headers -> refused (not gRPC, unknown method, ...): answered at once
///           -> request streams: the handler starts now;  one request: when it is there whole
///   handler ends -> finish: trailers.   deadline -> the same, by us, and the handler is stopped.
///   stream closed before that -> the handler is stopped, and unwinds.
///
/// It lives until both the stream is closed and the handler has ended, and frees itself then.
class incoming_call final : public server_stream,
                            public server_call,
                            public transport::message_stream,
                            private coro::timer,
                            private coro::ready_node,
                            public coro::list_hook<struct running_calls>,
                            public coro::pooled {
 public:
  using list_tag = running_calls;

  explicit incoming_call(std::shared_ptr<server_connection> of);
  ~incoming_call();

  /// Stops the handler, if it runs; it ends in its own time.
  void stop_handler(stop_reason why) noexcept;
  /// The server goes now: drops the handler where it waits, and frees the call.
  void abandon() noexcept;

  // server_stream
  read_result read(bytes_view& message) override;
  void when_readable(coro::ready_node& node) noexcept override;
  std::span<std::byte> begin_message(std::size_t size) override;
  bool end_message() override;
  void when_writable(coro::ready_node& node) noexcept override;
  bool writable() const noexcept override { return has_room() || !open() || ended_; }
  status write_error() const override { return write_error_; }
  coro::context& context() noexcept override { return context_; }
  void set_handler(call_handler& handler) noexcept override { handler_ = &handler; }
  void finish(status outcome) noexcept override;
  status describe(std::exception_ptr thrown) noexcept override;

  // server_call
  std::string_view method() const noexcept override { return path_; }
  sluice::metadata const& metadata() const noexcept override { return metadata_; }
  std::string peer() const override;
  peer_identity const* identity() const noexcept override;
  std::string_view authority() const noexcept override {
    return authority_ ? std::string_view{*authority_} : std::string_view{};
  }
  std::vector<std::string_view> services() const override;
  std::string_view content_subtype() const noexcept override {
    return odd_ ? std::string_view{odd_->subtype} : std::string_view{};
  }
  sluice::deadline deadline() const noexcept override { return context_.deadline(); }
  stop_token stop() noexcept override { return context_.token(); }
  stop_token drain() noexcept override;
  void add_initial_metadata(std::string_view key, std::string_view value) override;
  void send_initial_metadata() override;
  void add_trailing_metadata(std::string_view key, std::string_view value) override;
  bool compression(std::string_view name) override;
  compression_mode compress_messages(compression_mode mode) override;
  bool request_compressed() const noexcept override {
    return coding_ != nullptr && coding_->taken_compressed();
  }

 private:
  /// Of the few requests that are not like the others.
  struct oddities final : coro::pooled {
    std::string path;  // of no method that is known
    std::string subtype;  // of a codec that is not protobuf
    wire::request_verdict refusal;  // of a request that is not gRPC, until it is answered
  };
  struct response_metadata final : coro::pooled {
    sluice::metadata initial;
    sluice::metadata trailing;
  };
  struct received_trace final : trace_context, coro::pooled {};

  // transport::stream
  void on_headers(received_fields fields, bool end, bool too_large) override;
  void on_data(bytes_view bytes) override;
  void on_end() override;
  void on_room() noexcept override;
  void on_closed(transport::stream_end const& how) noexcept override;
  // timer: the deadline
  void expired() noexcept override;
  // ready_node: the handler starts
  void run() noexcept override;

  void accept(received_fields fields);
  [[nodiscard]] coding::message_coding& ensure_coding();
  [[nodiscard]] oddities& ensure_odd();
  [[nodiscard]] response_metadata& ensure_added();
  [[nodiscard]] bool refused() const noexcept { return odd_ && odd_->refusal.http_status != 200; }
  void take_trace();
  [[nodiscard]] transport::outgoing_headers response_headers() const;
  [[nodiscard]] bool take_encodings(wire::request_head const& head);
  [[nodiscard]] read_result taken(bytes_view& message);
  [[nodiscard]] read_result broken();
  void refuse();
  void refuse_encoding(std::string_view encoding);
  void take_request();
  void request_complete();
  void wake_reader() noexcept;
  void wake_writer() noexcept;
  void queue_start();
  void send_trailers(status const& outcome);
  void end_call(status const& outcome);
  void free_if_over() noexcept;

  std::shared_ptr<server_connection> connection_;
  coro::context context_;
  dispatcher::entry target_;
  call_handler* handler_ = nullptr;
  std::string_view path_;  // the method's own, or the odd one
  std::shared_ptr<std::string const> authority_;
  sluice::metadata metadata_;
  std::unique_ptr<oddities> odd_;
  std::unique_ptr<response_metadata> added_;  // by the handler
  std::unique_ptr<received_trace> trace_;
  bytes_view request_;  // of a call that has one, until the handler reads it
  coro::ready_node* reader_ = nullptr;
  coro::ready_node* writer_ = nullptr;
  status write_error_;
  std::unique_ptr<coding::message_coding> coding_;  // when anything may be compressed
  time_point began_;
  coding::accepted_mask accepted_ = 0;
  bool request_whole_ = false;
  bool has_request_ = false;
  bool single_request_ = false;
  bool headers_seen_ = false;
  bool observed_ = false;  // the observer was told of the start
  bool headers_sent_ = false;
  bool handler_runs_ = false;  // or will
  bool ended_ = false;         // the status is decided
  bool closed_ = false;        // the stream is gone
};

}  // namespace sluice::serving
