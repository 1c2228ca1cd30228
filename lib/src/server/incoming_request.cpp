// SPDX-License-Identifier: Apache-2.0
// The first half of a server's call: from its headers to the start of its handler.
#include "server/incoming_call.hpp"

#include "server/intercepted_handler.hpp"
#include "server/server_connection.hpp"
#include "wire/encoding.hpp"

#include <sluice/rpc/errors.hpp>

#include <chrono>
#include <new>
#include <utility>

namespace sluice::serving {
namespace {

// How long a request that is not gRPC may take to end before it is answered.
constexpr std::chrono::seconds longest_refusal{1};

}  // namespace

void incoming_call::on_headers(received_fields fields, bool end, bool too_large) {
  if (!std::exchange(headers_seen_, true)) {
    set_reading(true);  // until the handler is asked
    if (too_large) end_call(status{code::resource_exhausted, "request headers larger than the limit"});
    else accept(fields);
  }
  if (end) on_end();  // at once, or by trailers, which gRPC requests do not have and which say nothing
}

void incoming_call::accept(received_fields fields) {
  wire::request_head head;
  auto verdict = wire::read_request_head(fields, head);
  target_ = connection_->find(head.path);
  bool const known = target_.handler != nullptr && !target_.handler->method.path.empty();
  path_ = known ? target_.handler->method.path : (ensure_odd().path = head.path);
  authority_ = connection_->share_authority(head.authority);
  if (verdict.http_status == 415 && target_.handler != nullptr && !head.subtype.empty() &&
      target_.owner->sluice_accepts_subtype(head.subtype)) {
    ensure_odd().subtype = head.subtype;
    verdict = wire::read_request_head(fields, head, odd_->subtype);
  }
  if (verdict.http_status != 200) {
    // Answered when the request has ended, as its trailers may break HTTP/2 itself; soon in any case.
    ensure_odd().refusal = verdict;
    return context_.scheduler().start_timer(*this, sluice::deadline::after(began_, longest_refusal).at());
  }
  observed_ = connection_->observe_start(path_);
  if (verdict.code != code::ok) return end_call(status{verdict.code, verdict.text});
  if (target_.handler == nullptr) return end_call(connection_->dispatch().explain(path_));
  if (!take_encodings(head)) return refuse_encoding(head.encoding);
  if (wire::read_metadata(fields, metadata_) != errc::ok)
    return end_call(status{code::internal, "malformed binary metadata"});
  if (head.timeout) {
    context_.set_deadline(sluice::deadline::after(began_, *head.timeout));
    if (context_.deadline().passed(context_.scheduler().now()))  // headers that took their time
      return end_call(to_status(stop_reason::deadline));
    if (!context_.deadline().is_never()) context_.scheduler().start_timer(*this, context_.deadline().at());
  }
  take_trace();
  auto const kind = target_.handler->method.kind;
  single_request_ = kind == method_kind::unary || kind == method_kind::server_streaming;
  if (!single_request_) {
    set_reading(false);
    queue_start();
  }
}

void incoming_call::take_trace() {
  auto const parent = metadata_.get("traceparent");
  if (!parent) return;
  trace_ = std::make_unique<received_trace>();
  trace_->traceparent = *parent;
  trace_->tracestate = metadata_.get("tracestate").value_or("");
  context_.set_trace(trace_.get());
}

// False: the request's is unknown.
bool incoming_call::take_encodings(wire::request_head const& head) {
  auto const& options = connection_->options();
  if (!wire::is_identity(head.encoding)) {
    auto* const with = connection_->compressors().find(head.encoding);
    if (with == nullptr) return false;
    ensure_coding().decode_with(*with, options.max_receive_size);
    allow_compressed();
  }
  accepted_ = connection_->accepted_encodings(head.accept_encoding);
  if (!options.compression.empty()) static_cast<void>(compression(options.compression));
  return true;
}

coding::message_coding& incoming_call::ensure_coding() {
  if (!coding_) coding_ = std::make_unique<coding::message_coding>(connection_->compressors());
  return *coding_;
}

incoming_call::oddities& incoming_call::ensure_odd() {
  if (!odd_) odd_ = std::make_unique<oddities>();
  return *odd_;
}

incoming_call::response_metadata& incoming_call::ensure_added() {
  if (!added_) added_ = std::make_unique<response_metadata>();
  return *added_;
}

void incoming_call::refuse() {
  context_.scheduler().timers().cancel(*this);
  auto const verdict = std::exchange(odd_->refusal, {});
  wire::header_block headers;
  wire::write_http_refusal(verdict, headers);
  ended_ = headers_sent_ = true;
  send_headers(std::move(headers), false);
  auto const room = prepare(verdict.text.size());
  std::copy_n(as_bytes(verdict.text).begin(), verdict.text.size(), room.begin());
  commit(verdict.text.size());
  transport::stream::finish();
}

void incoming_call::refuse_encoding(std::string_view encoding) {
  status const outcome{code::unimplemented, "grpc-encoding " + std::string{encoding} + " is not supported"};
  wire::response_head head;
  head.accept_encoding = connection_->compressors().list();
  wire::header_block block;
  wire::write_response_head(head, {}, block);
  wire::write_trailers(outcome, {}, block);
  headers_sent_ = ended_ = true;
  send_headers(std::move(block), true);
  if (observed_) connection_->observe_end(path_, outcome, began_);
}

void incoming_call::on_data(bytes_view bytes) {
  if (ended_ || refused()) {
    consume(bytes.size());  // late, or of a request that is refused: nobody reads it
    return;
  }
  take_data(bytes);
  if (single_request_) take_request();
  else if (readable()) wake_reader();
}

// The handler waits for the end, but what is wrong with a request ends the call as soon as it is known: a bad prefix, or
// anything behind the one message. A peer that sends on without an end must not fill the memory.
void incoming_call::take_request() {
  if (!request_whole_) {
    switch (next_message(request_)) {  // nothing moves it: whatever would follow ends the call
      case received::message: request_whole_ = true; break;
      case received::broken: return end_call(to_status(receive_error()));
      default: return;
    }
    if (!more_follows()) return;
  }
  end_call(to_status(errc::too_many_messages));
}

void incoming_call::on_end() {
  if (refused()) refuse();
  take_end();
  if (ended_) return;
  if (single_request_) request_complete();
  else wake_reader();
}

void incoming_call::request_complete() {
  if (!request_whole_) {
    bool const none = next_message(request_) == received::end;
    return end_call(to_status(none ? errc::missing_message : receive_error()));
  }
  has_request_ = true;
  queue_start();
}

void incoming_call::queue_start() {
  handler_runs_ = true;
  context_.scheduler().ready(*this);
}

void incoming_call::run() noexcept {
  if (ended_) {  // cancelled in the turn in which it arrived: nothing of it is run
    handler_runs_ = false;
    return free_if_over();
  }
  coro::context* const caller = coro::current_context();
  coro::set_current_context(&context_);
  try {
    auto const& around = connection_->options().interceptors;
    if (around.empty()) [[likely]]
      target_.handler->start(*target_.owner, *this);
    else intercepted_handler::start(around, target_, *this, *this);
  } catch (...) {  // no memory for the handler's frame
    finish(describe(std::current_exception()));
  }
  coro::set_current_context(caller);
}

}  // namespace sluice::serving
